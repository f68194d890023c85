/** Returns the problem of a timing, in words. Undefined if there is none. */
import type { PlannedRule, PlannedTiming } from "@tutti/contracts/workflow/v1";
import { cronProblem, zoneProblem } from "@tutti/definitions/timing";
import { exceptionsMax, intervalMinMs, jitterMaxMs, momentMaxMs, rulesMax } from "../limits.ts";

export function timingProblem(timing: PlannedTiming): string | undefined {
  const { rules, exceptions, fromMs, untilMs, timeZone, jitterMs } = timing;
  if (rules.length < 1 || rules.length > rulesMax)
    return `expected 1 to ${rulesMax} rules, got ${rules.length}`;
  if (exceptions.length > exceptionsMax)
    return `expected at most ${exceptionsMax} exceptions, got ${exceptions.length}`;
  const wrongZone = zoneProblem(timeZone);
  if (wrongZone !== undefined) return wrongZone;
  if (!isMoment(fromMs) || !isMoment(untilMs)) return "expected bounds between the years 1970 and 9999";
  if (untilMs > 0 && untilMs <= fromMs) return "expected an end after the start, got an earlier one";
  if (!(Number.isFinite(jitterMs) && jitterMs >= 0 && jitterMs <= jitterMaxMs))
    return `expected a jitter from 0 to ${jitterMaxMs} ms, got ${jitterMs}`;
  return firstProblem("rules", rules) ?? firstProblem("exceptions", exceptions);
}

function firstProblem(field: string, rules: readonly PlannedRule[]): string | undefined {
  for (const [index, rule] of rules.entries()) {
    const problem = ruleProblem(rule);
    if (problem !== undefined) return `${field}[${index}]: ${problem}`;
  }
  return undefined;
}

function ruleProblem({ cron, everyMs, offsetMs, onceMs }: PlannedRule): string | undefined {
  const setCount = [cron !== "", everyMs !== 0, onceMs !== 0].filter(Boolean).length;
  if (setCount !== 1) return "expected one of a cron rule, an interval and a moment";
  if (cron !== "") return cronProblem(cron);
  if (onceMs !== 0) return isMoment(onceMs) ? undefined : "expected a moment between the years 1970 and 9999";
  if (!(Number.isInteger(everyMs) && everyMs >= intervalMinMs && everyMs <= momentMaxMs))
    return `expected an interval of whole milliseconds from ${intervalMinMs} on, got ${everyMs}`;
  return Number.isInteger(offsetMs) && offsetMs >= 0 && offsetMs <= momentMaxMs
    ? undefined
    : `expected an offset of whole milliseconds from 0 on, got ${offsetMs}`;
}

function isMoment(ms: number): boolean {
  return Number.isInteger(ms) && ms >= 0 && ms <= momentMaxMs;
}
