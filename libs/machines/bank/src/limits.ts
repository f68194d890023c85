import type { Backoff } from "@tutti/kernel";

/**
 * Maximum amount of one movement. An instance has at most a million events, so no sum in it can exceed 10^15, which a
 * double represents exactly.
 */
export const amountMaxCents = 1_000_000_000;
export const holdsMax = 100;
export const holdPeriodMaxMs = 365 * 24 * 60 * 60_000;
/** Transfers of one account without a reply yet. */
export const transfersMax = 100;
export const statementsMax = 10;
/** Attempts to print a statement, including the first. */
export const printAttemptsMax = 4;
export const printBackoff: Backoff = { firstMs: 1_000, maxMs: 60_000 };
