/**
 * The budget of a session: an escrow. Each part gets an amount when it is created, and its work enforces this limit.
 *
 * 1. The budgets of parts, and the usage of ended parts, never exceed the budget. Parts that start together divide the
 *    rest by the estimates of their tasks, and later parts get the amounts that others returned.
 * 2. An amount counts as used if it is not known to be unused: all of it, for an unknown part.
 */
import type { Amounts } from "@tutti/contracts/types/v1";
import { expectedOf, isLimited, kinds, remainingWithin, rounded, usedUpWithin } from "@tutti/machine-work";
import { isOpen, type PartView, type SessionView, specOf } from "../state.ts";

export function hasBudget(session: SessionView): boolean {
  return isLimited(specOf(session).budget);
}

/** Returns the limited amounts that the next part may use. Undefined if there is no limit. */
export function remainingBudget(session: SessionView): Amounts | undefined {
  const { budget } = specOf(session);
  if (!isLimited(budget)) return undefined;
  return remainingWithin(budget, session.goal?.used, ...session.parts.map(reservedBy));
}

/** Returns the amount that is used up. Undefined if some of every limited amount is left. */
export function usedUp(session: SessionView): string | undefined {
  const remaining = remainingBudget(session);
  if (remaining === undefined) return undefined;
  return usedUpWithin(specOf(session).budget, remaining);
}

/**
 * Returns the limit of each of several parts, in their order. A task without an estimate is expected to use
 * the average of the others. No part gets 0, because 0 means no limit.
 */
export function divideRemaining(
  session: SessionView,
  parts: readonly (readonly number[])[],
): readonly (Amounts | undefined)[] {
  const remaining = remainingBudget(session);
  const limits = parts.map(() => remaining && { tokens: 0, money: 0, timeMs: 0 });
  for (const kind of kinds) {
    if (remaining === undefined || remaining[kind] <= 0) continue;
    const amountsOfParts = parts.map((tasks) =>
      tasks.map((number) => expectedOf(session.tasks[number]?.spec ?? {}, kind)),
    );
    const known = amountsOfParts.flat().filter((amount) => amount > 0);
    const usual = known.length === 0 ? 1 : known.reduce((sum, amount) => sum + amount, 0) / known.length;
    const weights = amountsOfParts.map((amounts) =>
      amounts.reduce((sum, amount) => sum + (amount || usual), 0),
    );
    const total = weights.reduce((sum, weight) => sum + weight, 0);
    const shares = weights.map((weight) => Math.max(1e-6, rounded((remaining[kind] * weight) / total)));
    const largest = shares.indexOf(Math.max(...shares));
    const others = shares.reduce((sum, share, at) => sum + (at === largest ? 0 : share), 0);
    shares[largest] = rounded(remaining[kind] - others);
    for (const [at, share] of shares.entries()) Object.assign(limits[at] ?? {}, { [kind]: share });
  }
  return limits;
}

function reservedBy(part: PartView): PartView["budget"] {
  return isOpen(part) ? part.budget : (part.used ?? part.budget);
}
