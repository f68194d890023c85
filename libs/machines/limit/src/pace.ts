/**
 * Concurrency and rate of a limit.
 *
 * 1. Concurrency: a weight is granted if the sum of all holds fits the rule. A weight above the maximum is granted when
 *    nothing else is held. Otherwise it would wait for ever, with all waiters behind it.
 * 2. Rate: every weight takes a share of time according to the rate. The burst bounds how far the granted time may run
 *    ahead of the clock. One number is the state, and an idle limit needs no refill.
 */
import type { LimitRate, LimitRule } from "@tutti/contracts/workflow/v1";
import type { ReadOnly } from "@tutti/kernel";
import type { LimitView } from "./state.ts";

type Paced = Pick<LimitView, "set" | "implied" | "heldWeight" | "rateMs" | "putOffMs" | "line" | "leases">;

export function ruleOf({ set, implied }: Pick<Paced, "set" | "implied">): ReadOnly<LimitRule> | undefined {
  return set ?? implied;
}

/** Returns whether this weight fits in addition. */
export function hasRoom(limit: Paced, weight: number): boolean {
  const max = ruleOf(limit)?.maxConcurrent ?? 0;
  return max === 0 || limit.heldWeight === 0 || limit.heldWeight + weight <= max;
}

/** Returns the time from which the rate allows this weight. 0 for always. */
export function readyMs(limit: Paced, weight: number): number {
  const rate = ruleOf(limit)?.rate;
  if (rate === undefined) return 0;
  const burst = burstOf(rate);
  return limit.rateMs + (Math.min(weight, burst) - burst) * partMs(rate);
}

/** Returns the state of the rate after a grant. */
export function rateAfter(limit: Paced, weight: number, grantMs: number): number {
  const rate = ruleOf(limit)?.rate;
  if (rate === undefined) return 0;
  return Math.max(grantMs, limit.rateMs) + Math.min(weight, burstOf(rate)) * partMs(rate);
}

/** Returns the state of the rate under another rule: the used part of the burst stays used. */
export function rateUnder(
  rule: ReadOnly<LimitRule> | undefined,
  before: ReadOnly<LimitRule> | undefined,
  rateMs: number,
  nowMs: number,
): number {
  if (rule?.rate === undefined || before?.rate === undefined) return 0;
  return rateMs <= nowMs ? rateMs : nowMs + ((rateMs - nowMs) / partMs(before.rate)) * partMs(rule.rate);
}

/** Returns the time of the next action: a lease ends, a deadline passes, or the rate allows the first waiter. */
export function dueMsOf(limit: Paced): number {
  const { line, leases, putOffMs } = limit;
  let dueMs = leases.firstDueMs ?? Number.POSITIVE_INFINITY;
  const deadlineMs = line.firstDeadline?.deadlineMs;
  if (deadlineMs !== undefined && deadlineMs < dueMs) dueMs = deadlineMs;
  const { head } = line;
  // Due immediately if the rate allows it. A step that leaves this delays the grants.
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
