/** Converts measures of workers into the form of the store: a rate, a value or quantiles per step of the batch. */
import { type Measure, MetricKind, type RecordMeasuresRequest } from "@tutti/contracts/insight/v1";
import type { MetricKindName } from "@tutti/host/metrics";
import { installationNamespace } from "@tutti/mesh";
import { insightErrors } from "../errors.ts";
import type { RecordedMetric, RecordedSeries, Statistic } from "./sample.ts";
import { slotMs } from "./time.ts";

export interface Measured {
  readonly metrics: readonly RecordedMetric[];
  readonly series: readonly RecordedSeries[];
}

const durationMaxMs = 600_000;
const nameForm = /^[a-zA-Z_][a-zA-Z0-9_]{0,199}$/;
const kinds = new Map<MetricKind, MetricKindName>([
  [MetricKind.METRIC_KIND_COUNTER, "counter"],
  [MetricKind.METRIC_KIND_GAUGE, "gauge"],
  [MetricKind.METRIC_KIND_HISTOGRAM, "histogram"],
]);

/** @param namespace of the work that was measured */
export function measuredOf(
  { worker, fromMs, toMs, measures }: RecordMeasuresRequest,
  namespace: string,
): Measured {
  // The namespace `system` has the platform's own metrics.
  if (namespace === installationNamespace)
    throw insightErrors.measuresRefused({ expected: "a namespace of users", found: namespace });
  const slots = Math.round((toMs - fromMs) / slotMs);
  if (fromMs % slotMs !== 0 || toMs % slotMs !== 0 || slots < 1 || toMs - fromMs > durationMaxMs)
    throw insightErrors.measuresRefused({
      expected: `fromMs and toMs to be multiples of ${slotMs}, at most ${durationMaxMs} apart`,
      found: `${fromMs} and ${toMs}`,
    });
  return {
    metrics: measures.map((measure) => metricOf(measure, namespace)),
    series: measures.flatMap((measure) => seriesOf(measure, { namespace, worker, fromMs, slots })),
  };
}

function metricOf({ name, kind, description, unit, labels }: Measure, namespace: string): RecordedMetric {
  const kindName = kinds.get(kind);
  if (!nameForm.test(name) || kindName === undefined)
    throw insightErrors.measuresRefused({
      expected: "a metric with a kind and a name such as orders_total",
      found: `${name} of kind ${kind}`,
    });
  return {
    namespace,
    name,
    kind: kindName,
    help: description,
    unit,
    labels: [...Object.keys(labels), "worker"],
  };
}

function seriesOf(
  { name, kind, labels, value, p50, p99 }: Measure,
  batch: { namespace: string; worker: string; fromMs: number; slots: number },
): RecordedSeries[] {
  const { namespace, worker, fromMs, slots } = batch;
  const rate = value / ((slots * slotMs) / 1_000);
  const found: (readonly [Statistic, number | undefined])[] =
    kind === MetricKind.METRIC_KIND_GAUGE
      ? [["value", value]]
      : kind === MetricKind.METRIC_KIND_COUNTER
        ? [["rate", rate]]
        : [
            ["rate", rate],
            ["p50", p50],
            ["p99", p99],
          ];
  return found.flatMap(([statistic, each]) =>
    each === undefined
      ? []
      : [
          {
            namespace,
            metric: name,
            statistic,
            labels: { ...labels, worker },
            fromMs,
            values: new Float64Array(slots).fill(each),
          },
        ],
  );
}
