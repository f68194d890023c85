/**
 * Increases of counters and histograms since the last read of the reader, for
 * `OTEL_EXPORTER_OTLP_METRICS_TEMPORALITY_PREFERENCE=delta`.
 */
import type { HrTime } from "@opentelemetry/api";
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
} from "@opentelemetry/sdk-metrics";

type Value = number | Histogram;

export class Deltas {
  #before = new Map<string, { readonly value: Value; readonly end: HrTime }>();

  of(metrics: readonly MetricData[]): MetricData[] {
    const seen = new Map<string, { readonly value: Value; readonly end: HrTime }>();
    const sinceBefore = <T extends Value>(name: string, point: DataPoint<T>, less: (a: T, b: T) => T) => {
      const key = `${name}\n${JSON.stringify(point.attributes)}`;
      const before = this.#before.get(key);
      seen.set(key, { value: point.value, end: point.endTime });
      if (before === undefined) return point;
      return { ...point, startTime: before.end, value: less(point.value, before.value as T) };
    };
    const aggregationTemporality = AggregationTemporality.DELTA;
    const deltas = metrics.map((metric): MetricData => {
      const { name } = metric.descriptor;
      if (metric.dataPointType === DataPointType.SUM) {
        const dataPoints = metric.dataPoints.map((point) =>
          sinceBefore(name, point, (now, then) => now - then),
        );
        return { ...metric, aggregationTemporality, dataPoints };
      }
      if (metric.dataPointType === DataPointType.HISTOGRAM) {
        const dataPoints = metric.dataPoints.map((point) => sinceBefore(name, point, growth));
        return { ...metric, aggregationTemporality, dataPoints };
      }
      return metric;
    });
    this.#before = seen;
    return deltas;
  }
}

function growth(now: Histogram, then: Histogram): Histogram {
  return {
    buckets: {
      boundaries: now.buckets.boundaries,
      counts: now.buckets.counts.map((count, at) => count - (then.buckets.counts[at] ?? 0)),
    },
    sum: (now.sum ?? 0) - (then.sum ?? 0),
    count: now.count - then.count,
  };
}
