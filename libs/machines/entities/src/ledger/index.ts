export { ledgerErrors } from "./errors.ts";
export { leaseMs } from "./limits.ts";
export { ledger } from "./machine.ts";
export { claimParts } from "./part/commands.ts";
export { contents, type LedgerContents } from "./queries.ts";
export { dropQuota, keepQuota } from "./quota/quotas.ts";
export { cancelReservation, reserve } from "./reservation/reservations.ts";
export type { PoolHolding } from "./state.ts";
