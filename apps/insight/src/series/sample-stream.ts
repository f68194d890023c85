/**
 * Converts the samples of one stream into the form of the store. Counters and buckets arrive as totals.
 *
 * 1. The increase since the previous sample is spread over the slots that ended in between. The first sample of a
 *    series is its starting point.
 * 2. Only slots that the store would keep are created, because the sender chooses the times and so the number of slots.
 */
import { type Metric, MetricKind, type RecordSamplesRequest } from "@tutti/contracts/insight/v1";
import type { MetricKindName } from "@tutti/host/metrics";
import { installationNamespace } from "@tutti/mesh";
import { insightErrors } from "../errors.ts";
import { labelsText } from "./catalogue.ts";
import type { Measured } from "./measured.ts";
import type { RecordedMetric, RecordedSeries, Statistic } from "./sample.ts";
import { retention, slotMs, slotOf } from "./time.ts";

interface Declared {
  readonly metric: RecordedMetric;
  readonly labels: Readonly<Record<string, string>>;
  /** Upper bound of the bucket. Only for a histogram. */
  readonly bucket: number;
  timeMs: number | undefined;
  value: number;
}

interface Increase {
  readonly declared: Declared;
  /** Sum over all slots since the previous sample. */
  readonly amount: number;
  readonly perSecond: number;
  readonly fromMs: number;
  readonly toMs: number;
}

const declaredMax = 20_000;
const kinds = new Map<MetricKind, MetricKindName>([
  [MetricKind.METRIC_KIND_COUNTER, "counter"],
  [MetricKind.METRIC_KIND_GAUGE, "gauge"],
  [MetricKind.METRIC_KIND_HISTOGRAM, "histogram"],
]);

export class SampleStream {
  /** Indexed by series number, from 1. */
  readonly #declared: Declared[] = [];

  accept({ metrics, timeMs, series, values }: RecordSamplesRequest): Measured {
    if (series.length !== values.length)
      throw insightErrors.measuresRefused({
        expected: "as many values as series",
        found: `${values.length}`,
      });
    if (this.#declared.length + metrics.length > declaredMax)
      throw insightErrors.measuresRefused({
        expected: `at most ${declaredMax} series of a stream`,
        found: "more",
      });
    for (const { metric, namespace, labels, bucket } of metrics)
      this.#declared.push({
        metric: recordedOf(metric, namespace || installationNamespace, Object.keys(labels)),
        labels,
        bucket: bucket ?? Number.POSITIVE_INFINITY,
        timeMs: undefined,
        value: 0,
      });
    const recorded: RecordedSeries[] = [];
    const buckets: Increase[] = [];
    for (const [at, number] of series.entries()) {
      const declared = this.#declared[number - 1];
      const value = values[at];
      if (declared === undefined || value === undefined)
        throw insightErrors.measuresRefused({ expected: "a series of this stream", found: `${number}` });
      if (declared.metric.kind === "gauge") {
        recorded.push(seriesOf(declared, "value", slotOf(timeMs) * slotMs, Float64Array.of(value)));
        continue;
      }
      const increase = increaseOf(declared, timeMs, value);
      if (increase === undefined) continue;
      if (declared.metric.kind === "counter") recorded.push(rateOf(increase, increase.perSecond));
      else buckets.push(increase);
    }
    for (const own of Map.groupBy(buckets, ({ declared }) => keyOf(declared)).values())
      recorded.push(...distributionOf(own));
    return {
      metrics: metrics.flatMap((_, at) => this.#declared.at(at - metrics.length)?.metric ?? []),
      series: recorded,
    };
  }
}

/** Returns undefined for the first sample, and until a slot has ended since the previous sample. */
function increaseOf(declared: Declared, timeMs: number, value: number): Increase | undefined {
  const { timeMs: beforeMs, value: before } = declared;
  if (beforeMs !== undefined && slotOf(timeMs) <= slotOf(beforeMs)) return undefined;
  declared.timeMs = timeMs;
  declared.value = value;
  if (beforeMs === undefined) return undefined;
  // A counter below its previous value has restarted.
  const amount = value >= before ? value - before : value;
  const [startMs, toMs] = [slotOf(beforeMs) * slotMs, slotOf(timeMs) * slotMs];
  const perSecond = (amount * 1_000) / (toMs - startMs);
  return { declared, amount, perSecond, fromMs: Math.max(startMs, toMs - retention.fineMs), toMs };
}

function rateOf({ declared, fromMs, toMs }: Increase, perSecond: number): RecordedSeries {
  const slots = (toMs - fromMs) / slotMs;
  return seriesOf(declared, "rate", fromMs, new Float64Array(slots).fill(perSecond));
}

function distributionOf(all: readonly Increase[]): RecordedSeries[] {
  const [first] = all;
  const sorted = [...all].sort((one, other) => one.declared.bucket - other.declared.bucket);
  const count = sorted.reduce((sum, { amount }) => sum + amount, 0);
  if (first === undefined) return [];
  const rate = rateOf(
    first,
    sorted.reduce((sum, { perSecond }) => sum + perSecond, 0),
  );
  if (count === 0) return [rate];
  const at = (share: number, statistic: Statistic) =>
    seriesOf(
      first.declared,
      statistic,
      first.fromMs,
      new Float64Array(rate.values.length).fill(quantileOf(sorted, count, share)),
    );
  return [rate, at(0.5, "p50"), at(0.99, "p99")];
}

/** Interpolates linearly within a bucket. */
function quantileOf(sorted: readonly Increase[], count: number, share: number): number {
  let counted = 0;
  let low = 0;
  for (const { declared, amount } of sorted) {
    const { bucket } = declared;
    if (counted + amount >= share * count && amount > 0)
      return Number.isFinite(bucket) ? low + ((share * count - counted) / amount) * (bucket - low) : low;
    counted += amount;
    if (Number.isFinite(bucket)) low = bucket;
  }
  return low;
}

function seriesOf(
  { metric, labels }: Declared,
  statistic: Statistic,
  fromMs: number,
  values: Float64Array,
): RecordedSeries {
  return {
    namespace: metric.namespace,
    metric: metric.name,
    statistic,
    labels,
    fromMs,
    values,
    isSparse: true,
  };
}

function keyOf({ metric, labels }: Declared): string {
  return `${metric.namespace}\n${metric.name}\n${labelsText(labels)}`;
}

function recordedOf(
  metric: Metric | undefined,
  namespace: string,
  labels: readonly string[],
): RecordedMetric {
  const kind = metric === undefined ? undefined : kinds.get(metric.kind);
  if (metric === undefined || kind === undefined || metric.name === "")
    throw insightErrors.measuresRefused({
      expected: "a metric with a name and a kind",
      found: "one without",
    });
  const { name, description, unit } = metric;
  return { namespace, name, kind, help: description, unit, labels: [...labels] };
}
