/** Reduces a series over the window of a rule to one value. */
import { Aggregation, type Series } from "@tutti/contracts/insight/v1";
import { fromTimestamp } from "@tutti/kernel";

type Reduce = (values: readonly number[]) => number;

const sum: Reduce = (values) => values.reduce((total, value) => total + value, 0);
const mean: Reduce = (values) => sum(values) / values.length;
const last: Reduce = (values) => values.at(-1) ?? Number.NaN;
const greatest: Reduce = (values) => values.reduce((max, value) => Math.max(max, value));
const least: Reduce = (values) => values.reduce((min, value) => Math.min(min, value));

/** Reductions of the steps of a window. The store has already applied the aggregation within each step. */
const reducers = new Map<Aggregation, Reduce>([
  [Aggregation.AGGREGATION_SUM, sum],
  [Aggregation.AGGREGATION_MEAN, mean],
  [Aggregation.AGGREGATION_MIN, least],
  [Aggregation.AGGREGATION_MAX, greatest],
  [Aggregation.AGGREGATION_COUNT, sum],
  [Aggregation.AGGREGATION_RATE, mean],
  [Aggregation.AGGREGATION_INCREASE, sum],
  // The quantile of a long time cannot be computed from quantiles of short times: the worst of them hides
  // nothing.
  [Aggregation.AGGREGATION_QUANTILE, greatest],
]);

/** Returns the value. Undefined if the window has none. Values in [fromMs, toMs) count. */
export function valueOver(
  { startTime, stepMs, values }: Pick<Series, "startTime" | "stepMs" | "values">,
  overTime: Aggregation,
  { fromMs, toMs }: { readonly fromMs: number; readonly toMs: number },
): number | undefined {
  if (startTime === undefined || stepMs <= 0) return undefined;
  const startMs = fromTimestamp(startTime);
  const first = Math.max(0, Math.ceil((fromMs - startMs) / stepMs));
  const end = Math.max(first, Math.ceil((toMs - startMs) / stepMs));
  const there = values.slice(first, end).filter((value) => !Number.isNaN(value));
  if (there.length === 0) return undefined;
  return (reducers.get(overTime) ?? last)(there);
}
