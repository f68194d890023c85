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
export function add(to: Amounts, what: Readonly<Amounts> | undefined): void {
  if (what === undefined) return;
  for (const kind of kinds) to[kind] = rounded(to[kind] + what[kind]);
}

export function subtract(from: Amounts, what: Readonly<Amounts> | undefined): void {
  if (what === undefined) return;
  for (const kind of kinds) from[kind] = rounded(from[kind] - what[kind]);
}

export function isNothing(what: Readonly<Amounts> | undefined): boolean {
  return what === undefined || (what.tokens === 0 && what.money === 0 && what.timeMs === 0);
}

/** Returns the reported amounts without invalid values. */
export function cleaned(what: Readonly<Amounts> | undefined): Amounts {
  const made = noAmounts();
  for (const kind of kinds) {
    const value = what?.[kind] ?? 0;
    if (Number.isFinite(value) && value > 0) made[kind] = rounded(value);
  }
  return made;
}

/** Returns amounts for an event. Returns undefined if all amounts are 0. */
export function amountsOrNone(what: Readonly<Amounts> | undefined): Amounts | undefined {
  const made = cleaned(what);
  return isNothing(made) ? undefined : made;
}

export function inWords(what: Readonly<Amounts>): string {
  const parts = [
    ...(what.tokens === 0 ? [] : [`${what.tokens} tokens`]),
    ...(what.money === 0 ? [] : [`money ${what.money}`]),
    ...(what.timeMs === 0 ? [] : [`${what.timeMs} ms`]),
  ];
  return parts.length === 0 ? "nothing" : parts.join(", ");
}
