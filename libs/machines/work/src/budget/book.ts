/** Arithmetic of budgets. An amount of 0 in a limit means without limit. */
import type { Amounts } from "@tutti/contracts/types/v1";
import { kinds, noAmounts, rounded } from "./amounts.ts";

type Given = Readonly<Partial<Amounts>> | undefined;

export function isLimited(limit: Given): boolean {
  return kinds.some((kind) => (limit?.[kind] ?? 0) > 0);
}

/** Returns the rest of each amount that has a limit. The other amounts are 0. */
export function leftWithin(limit: Given, ...taken: readonly Given[]): Amounts {
  const left = noAmounts();
  for (const kind of kinds) {
    const max = limit?.[kind] ?? 0;
    if (max <= 0) continue;
    let rest = max;
    for (const each of taken) rest -= each?.[kind] ?? 0;
    left[kind] = Math.max(0, rounded(rest));
  }
  return left;
}

/** Returns the first limited amount that is used up. */
export function usedUpWithin(limit: Given, left: Readonly<Amounts>): (typeof kinds)[number] | undefined {
  return kinds.find((kind) => (limit?.[kind] ?? 0) > 0 && left[kind] <= 0);
}

/** Returns whether these amounts can be reserved. Some of each limited amount must be left. */
export function fitsWithin(limit: Given, left: Readonly<Amounts>, wanted: Readonly<Amounts>): boolean {
  return kinds.every((kind) => (limit?.[kind] ?? 0) <= 0 || (left[kind] > 0 && wanted[kind] <= left[kind]));
}

/** Returns the expected usage of a task, for each limited amount. */
export function expectedWithin(limit: Given, task: ExpectedTask): Amounts {
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
