/** Converts the registry to the format of OpenTelemetry's exporter: cumulative sums, last values, histograms. */
import { type HrTime, ValueType } from "@opentelemetry/api";
import type { InstrumentationScope } from "@opentelemetry/core";
import type { Resource } from "@opentelemetry/resources";
import {
  AggregationTemporality,
  type DataPoint,
  DataPointType,
  type Histogram,
  type MetricData,
  type ResourceMetrics,
} from "@opentelemetry/sdk-metrics";
import type { HistogramValue } from "../metrics/cells.ts";
import type { Series } from "../metrics/family.ts";
import type { MetricFamily } from "../metrics/registry.ts";

interface Period {
  /** Start time of the counters. */
  readonly start: HrTime;
  readonly end: HrTime;
}

export function resourceMetrics(
  families: readonly MetricFamily[],
  resource: Resource,
  scope: InstrumentationScope,
  period: Period,
): ResourceMetrics {
  const metrics = families
    .map((family) => metricData(family, period))
    .filter((data) => data.dataPoints.length > 0);
  return { resource, scopeMetrics: [{ scope, metrics }] };
}

function metricData(family: MetricFamily, period: Period): MetricData {
  const base = {
    descriptor: {
      name: family.name,
      description: family.help,
      unit: unitOf(family.name),
      valueType: ValueType.DOUBLE,
    },
    aggregationTemporality: AggregationTemporality.CUMULATIVE,
  };
  switch (family.kind) {
    case "counter":
      return {
        ...base,
        dataPointType: DataPointType.SUM,
        isMonotonic: true,
        dataPoints: numbers(family.labels, family.series(), period),
      };
    case "gauge":
      return {
        ...base,
        dataPointType: DataPointType.GAUGE,
        dataPoints: numbers(family.labels, family.series(), period),
      };
    case "histogram":
      return {
        ...base,
        dataPointType: DataPointType.HISTOGRAM,
        dataPoints: Array.from(family.series(), (series) =>
          point(family.labels, series, histogram(series.cell), period),
        ),
      };
  }
}

function numbers(
  labels: readonly string[],
  all: Iterable<Series<{ read(): number }>>,
  period: Period,
): DataPoint<number>[] {
  return Array.from(all, (series) => point(labels, series, series.cell.read(), period)).filter(
    ({ value }) => !Number.isNaN(value),
  );
}

function point<T>(
  labels: readonly string[],
  series: Series<unknown>,
  value: T,
  period: Period,
): DataPoint<T> {
  const attributes = Object.fromEntries(labels.map((label, index) => [label, series.values[index] ?? ""]));
  return { startTime: period.start, endTime: period.end, attributes, value };
}

function histogram(cell: HistogramValue): Histogram {
  return {
    buckets: { boundaries: [...cell.bounds], counts: [...cell.counts] },
    sum: cell.sum,
    count: cell.count(),
  };
}

/** Returns the unit in UCUM, which OpenTelemetry uses. */
function unitOf(name: string): string {
  const stem = name.endsWith("_total") ? name.slice(0, -"_total".length) : name;
  if (stem.endsWith("_seconds")) return "s";
  if (stem.endsWith("_bytes")) return "By";
  return stem.endsWith("_ratio") ? "1" : "";
}
