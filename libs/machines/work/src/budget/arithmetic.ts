/** Arithmetic of budgets. An amount of 0 in a limit means without limit. */
import type { Amounts } from "@tutti/contracts/types/v1";
import { kinds, noAmounts, rounded } from "./amounts.ts";

type OptionalAmounts = Readonly<Partial<Amounts>> | undefined;

export function isLimited(limit: OptionalAmounts): boolean {
  return kinds.some((kind) => (limit?.[kind] ?? 0) > 0);
}

/** Returns the rest of each amount that has a limit. The other amounts are 0. */
export function remainingWithin(limit: OptionalAmounts, ...used: readonly OptionalAmounts[]): Amounts {
  const remaining = noAmounts();
  for (const kind of kinds) {
    const max = limit?.[kind] ?? 0;
    if (max <= 0) continue;
    let rest = max;
    for (const each of used) rest -= each?.[kind] ?? 0;
    remaining[kind] = Math.max(0, rounded(rest));
  }
  return remaining;
}

/** Returns the first limited amount that is used up. */
export function usedUpWithin(
  limit: OptionalAmounts,
  remaining: Readonly<Amounts>,
): (typeof kinds)[number] | undefined {
  return kinds.find((kind) => (limit?.[kind] ?? 0) > 0 && remaining[kind] <= 0);
}

/** Returns whether these amounts can be reserved. Some of each limited amount must be left. */
export function fitsWithin(
  limit: OptionalAmounts,
  remaining: Readonly<Amounts>,
  requested: Readonly<Amounts>,
): boolean {
  return kinds.every(
    (kind) => (limit?.[kind] ?? 0) <= 0 || (remaining[kind] > 0 && requested[kind] <= remaining[kind]),
  );
}

/** Returns the expected usage of a task, for each limited amount. */
export function expectedWithin(limit: OptionalAmounts, task: ExpectedTask): Amounts {
  const expected = noAmounts();
  for (const kind of kinds) if ((limit?.[kind] ?? 0) > 0) expected[kind] = expectedOf(task, kind);
  return expected;
}

export interface ExpectedTask {
  readonly estimate?:
    | { readonly tokens: number; readonly money: number; readonly durationMs: number }
    | undefined;
  readonly timeouts?: { readonly runMs: number } | undefined;
}

/** Returns the expected usage of one amount. The timeout bounds the time. */
export function expectedOf({ estimate, timeouts }: ExpectedTask, kind: (typeof kinds)[number]): number {
  if (kind === "timeMs") return timeouts?.runMs || (estimate?.durationMs ?? 0);
  return estimate?.[kind] ?? 0;
}
