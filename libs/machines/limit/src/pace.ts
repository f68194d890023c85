/**
 * How much a limit gives when.
 *
 * 1. At once: a weight is held as long as all that is held fits the rule. One that alone is more than the rule allows is
 *    given when nothing else is held: it would wait for ever otherwise, with all behind it.
 * 2. Per time: every weight takes its part of the time that the rate gives for it, and the burst is how far
 *    that may run ahead of the clock. One number is the state, and an idle limit needs no refill.
 */
import type { LimitRate, LimitRule } from "@tutti/contracts/workflow/v1";
import type { ReadOnly } from "@tutti/kernel";
import type { LimitView } from "./state.ts";

type Paced = Pick<LimitView, "set" | "implied" | "heldWeight" | "rateMs" | "putOffMs" | "line" | "leases">;

export function ruleOf({ set, implied }: Pick<Paced, "set" | "implied">): ReadOnly<LimitRule> | undefined {
  return set ?? implied;
}

/** Returns whether so much more can be held. */
export function hasRoom(limit: Paced, weight: number): boolean {
  const max = ruleOf(limit)?.maxConcurrent ?? 0;
  return max === 0 || limit.heldWeight === 0 || limit.heldWeight + weight <= max;
}

/** From when on the rate gives so much. 0 for always. */
export function readyMs(limit: Paced, weight: number): number {
  const rate = ruleOf(limit)?.rate;
  if (rate === undefined) return 0;
  const burst = burstOf(rate);
  return limit.rateMs + (Math.min(weight, burst) - burst) * partMs(rate);
}

/** Where the rate stands when so much was given. */
export function rateAfter(limit: Paced, weight: number, grantMs: number): number {
  const rate = ruleOf(limit)?.rate;
  if (rate === undefined) return 0;
  return Math.max(grantMs, limit.rateMs) + Math.min(weight, burstOf(rate)) * partMs(rate);
}

/** Where the rate stands under another rule: what was used up of the burst stays so. */
export function rateUnder(
  rule: ReadOnly<LimitRule> | undefined,
  before: ReadOnly<LimitRule> | undefined,
  rateMs: number,
  nowMs: number,
): number {
  if (rule?.rate === undefined || before?.rate === undefined) return 0;
  return rateMs <= nowMs ? rateMs : nowMs + ((rateMs - nowMs) / partMs(before.rate)) * partMs(rule.rate);
}

/** When something can be done next: a lease ends, a deadline passes, or the rate gives the first in line its part. */
export function dueMsOf(limit: Paced): number {
  const { line, leases, putOffMs } = limit;
  let dueMs = leases.firstDueMs ?? Number.POSITIVE_INFINITY;
  const deadlineMs = line.firstDeadline?.deadlineMs;
  if (deadlineMs !== undefined && deadlineMs < dueMs) dueMs = deadlineMs;
  const { head } = line;
  // At once, if the rate has nothing against it. A step that leaves this so puts it off.
  if (head !== undefined && hasRoom(limit, head.weight))
    dueMs = Math.min(dueMs, Math.max(1, Math.ceil(readyMs(limit, head.weight))));
  return dueMs === Number.POSITIVE_INFINITY ? 0 : Math.max(dueMs, putOffMs);
}

function partMs({ count, perMs }: ReadOnly<LimitRate>): number {
  return perMs / count;
}

function burstOf({ count, burst }: ReadOnly<LimitRate>): number {
  return burst > 0 ? burst : count;
}
