/**
 * Objectives: the burn rate of the error budget.
 *
 * 1. A burn rate of 1 uses up the budget in exactly the period. A window without events has a rate of 0.
 * 2. Short windows need fine steps and long ones need history. A rule reads both, and each window takes the coarsest
 *    series that has at least five steps in it.
 */
import { Aggregation, type AlertRule, type Objective, type Series } from "@tutti/contracts/insight/v1";
import type { ReadOnly } from "@tutti/kernel";
import { valueOver } from "./window.ts";

const minuteMs = 60_000;
const hourMs = 60 * minuteMs;
const dayMs = 24 * hourMs;
const periodDefaultMs = 30 * dayMs;

/** Windows of burn rates by their names in a condition. */
const windows: ReadonlyMap<string, number> = new Map([
  ["burn_5m", 5 * minuteMs],
  ["burn_30m", 30 * minuteMs],
  ["burn_1h", hourMs],
  ["burn_6h", 6 * hourMs],
  ["burn_3d", 3 * dayMs],
]);

export const burnNames: readonly string[] = [...windows.keys()];

/** Reads of each query of an objective: the window up to now, and the step. */
export const burnReads = [
  { windowMs: hourMs, stepMs: minuteMs },
  { windowMs: 3 * dayMs, stepMs: 10 * minuteMs },
] as const;

export function periodMsOf({ periodMs }: Pick<Objective, "periodMs">): number {
  return periodMs === 0 ? periodDefaultMs : periodMs;
}

/**
 * The condition of a rule without one: a long window shows that the loss matters, a short one that it continues. A rate below 1
 * never alerts, because the budget lasts.
 */
export function burnCondition(objective: ReadOnly<Objective>): string {
  const burns = (part: number, long: string, short: string) => {
    const rate = (part * periodMsOf(objective)) / (windows.get(long) ?? 1);
    const text = Math.max(1, rate).toFixed(3);
    return `(${long} > ${text} && ${short} > ${text})`;
  };
  return [
    burns(0.02, "burn_1h", "burn_5m"),
    burns(0.05, "burn_6h", "burn_30m"),
    burns(0.1, "burn_3d", "burn_6h"),
  ].join(" || ");
}

const counted: ReadonlySet<Aggregation> = new Set([
  Aggregation.AGGREGATION_INCREASE,
  Aggregation.AGGREGATION_SUM,
  Aggregation.AGGREGATION_COUNT,
]);

/** Returns the problems of the queries of an objective, by field. */
export function queryProblems({ queries }: Pick<ReadOnly<AlertRule>, "queries">) {
  const names = queries.map(({ queryId }) => queryId);
  const isComplete = names.includes("total") && names.includes("good") !== names.includes("bad");
  const problems = isComplete
    ? []
    : [{ field: "queries", message: "an objective has the queries `total`, and `good` or `bad`" }];
  for (const [at, { queryId, overTime }] of queries.entries())
    if (["total", "good", "bad"].includes(queryId) && !counted.has(overTime))
      problems.push({
        field: `queries[${at}].overTime`,
        message: "a query of an objective counts events: increase, sum or count",
      });
  return problems;
}

/** Returns the number of events of one label set in a period, and the number of bad ones. */
export function eventsIn(
  { queries }: Pick<ReadOnly<AlertRule>, "queries">,
  series: readonly Series[],
  span: { readonly fromMs: number; readonly toMs: number },
): { readonly total: number; readonly bad: number } {
  const lengthMs = span.toMs - span.fromMs;
  const eventsOf = (name: string) => {
    const overTime = queries.find(({ queryId }) => queryId === name)?.overTime;
    const own = series.filter(({ queryId }) => queryId === name);
    const fineEnough = own.filter(({ stepMs }) => stepMs * 5 <= lengthMs);
    const [best] = (fineEnough.length === 0 ? own : fineEnough).toSorted(
      (one, other) => other.stepMs - one.stepMs,
    );
    return (best && overTime !== undefined && valueOver(best, overTime, span)) || 0;
  };
  const total = eventsOf("total");
  const isGood = queries.some(({ queryId }) => queryId === "good");
  const bad = isGood ? total - eventsOf("good") : eventsOf("bad");
  return { total, bad: Math.min(Math.max(0, bad), total) };
}

/** Returns the burn rate: how many times too fast the budget is used. */
export function burnRate(
  { total, bad }: { readonly total: number; readonly bad: number },
  goal: number,
): number {
  return total <= 0 ? 0 : bad / total / (1 - goal);
}

/** Returns burn rates by window, with three decimals for display. */
export function burnRates(
  rule: Pick<ReadOnly<AlertRule>, "queries">,
  goal: number,
  series: readonly Series[],
  nowMs: number,
): ReadonlyMap<string, number> {
  return new Map(
    Array.from(windows, ([name, ms]) => {
      const rate = burnRate(eventsIn(rule, series, { fromMs: nowMs - ms, toMs: nowMs }), goal);
      return [name, Math.round(rate * 1_000) / 1_000];
    }),
  );
}
