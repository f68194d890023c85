/**
 * The budget of a session: an escrow of which each part has what it is given when it is made, and keeps within that by itself.
 *
 * 1. What parts have, and what those that ended used up, is never more than the budget: while one has all that is left there is no other.
 * 2. What is not known to be unused counts as used: all of it, of a part of which nobody knows.
 * 3. Only missions keep within a budget. So nothing of it is done by runs.
 */
import { Mode } from "@tutti/contracts/session/v1";
import type { Amounts } from "@tutti/contracts/types/v1";
import { isOpen, type PartView, type SessionView, specOf } from "../state.ts";

const kinds = ["tokens", "money", "timeMs"] as const;

/** What is 0 has no limit. */
export function isLimited(budget: Readonly<Amounts> | undefined): boolean {
  return kinds.some((kind) => (budget?.[kind] ?? 0) > 0);
}

export function hasBudget(session: SessionView): boolean {
  return isLimited(specOf(session).budget);
}

/** What the next part may use up, of what is limited; undefined where nothing is. */
export function budgetLeft(session: SessionView): Amounts | undefined {
  const { budget } = specOf(session);
  if (!isLimited(budget)) return undefined;
  const left: Amounts = { tokens: 0, money: 0, timeMs: 0 };
  for (const kind of kinds) {
    const limit = budget?.[kind] ?? 0;
    const held = session.parts.reduce((sum, part) => sum + (heldBy(part)?.[kind] ?? 0), 0);
    if (limit > 0) left[kind] = Math.max(0, rounded(limit - held - (session.goal?.used?.[kind] ?? 0)));
  }
  return left;
}

/** Which amount nothing is left of; undefined where there is some of all that is limited. */
export function usedUp(session: SessionView): string | undefined {
  const left = budgetLeft(session);
  if (left === undefined) return undefined;
  return kinds.find((kind) => (specOf(session).budget?.[kind] ?? 0) > 0 && left[kind] <= 0);
}

/** Whether it keeps within a budget. */
export function keepsBudget(mode: Mode): boolean {
  return mode === Mode.MODE_SWARM || mode === Mode.MODE_INTELLIGENCE || mode === Mode.MODE_CUSTOM;
}

function heldBy(part: PartView): PartView["budget"] {
  return isOpen(part) ? part.budget : (part.used ?? part.budget);
}

/** To a millionth, so that what is added and taken away again is nothing. */
function rounded(value: number): number {
  return Math.round(value * 1e6) / 1e6;
}
