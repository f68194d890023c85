/**
 * Arithmetic of usage. Sums are rounded to a millionth, so that an amount that is added and subtracted again leaves
 * nothing.
 */
import type { Amounts } from "@tutti/contracts/types/v1";

export const kinds = ["tokens", "money", "timeMs"] as const;

export function noAmounts(): Amounts {
  return { tokens: 0, money: 0, timeMs: 0 };
}

export function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}

/** Adds the second to the first. */
export function add(to: Amounts, amounts: Readonly<Amounts> | undefined): void {
  if (amounts === undefined) return;
  for (const kind of kinds) to[kind] = rounded(to[kind] + amounts[kind]);
}

export function subtract(from: Amounts, amounts: Readonly<Amounts> | undefined): void {
  if (amounts === undefined) return;
  for (const kind of kinds) from[kind] = rounded(from[kind] - amounts[kind]);
}

export function isNothing(amounts: Readonly<Amounts> | undefined): boolean {
  return amounts === undefined || (amounts.tokens === 0 && amounts.money === 0 && amounts.timeMs === 0);
}

/** Returns the reported amounts without invalid values. */
export function cleaned(amounts: Readonly<Amounts> | undefined): Amounts {
  const result = noAmounts();
  for (const kind of kinds) {
    const value = amounts?.[kind] ?? 0;
    if (Number.isFinite(value) && value > 0) result[kind] = rounded(value);
  }
  return result;
}

/** Returns amounts for an event. Returns undefined if all amounts are 0. */
export function amountsOrNone(amounts: Readonly<Amounts> | undefined): Amounts | undefined {
  const result = cleaned(amounts);
  return isNothing(result) ? undefined : result;
}

export function amountsText(amounts: Readonly<Amounts>): string {
  const parts = [
    ...(amounts.tokens === 0 ? [] : [`${amounts.tokens} tokens`]),
    ...(amounts.money === 0 ? [] : [`money ${amounts.money}`]),
    ...(amounts.timeMs === 0 ? [] : [`${amounts.timeMs} ms`]),
  ];
  return parts.length === 0 ? "nothing" : parts.join(", ");
}
