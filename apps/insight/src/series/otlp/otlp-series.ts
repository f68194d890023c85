/**
 * Converts metrics that arrive by OTLP into the form of the store. Sums and histograms continue from the previous points,
 * so the points of a namespace share one stream.
 *
 * 1. Names and labels follow Prometheus: `http.server.request.duration` in seconds becomes
 *    `http_server_request_duration_seconds`.
 * 2. A stream has 20,000 series. Further series are rejected and counted in the reply for an hour. Then the stream
 *    starts again.
 * 3. A delta point counts from its own start. A cumulative point does too if its program started in the last ten minutes.
 * 4. The cost of a request is bounded by its points and the values made from them. A bound on bytes would not help,
 *    because a compressed request is small.
 */
import { Metric, MetricKind } from "@tutti/contracts/insight/v1";
import { installationNamespace } from "@tutti/mesh";
import { insightErrors } from "../../errors.ts";
import { labelsText } from "../catalogue.ts";
import type { Measured } from "../measured.ts";
import { SampleStream } from "../sample-stream.ts";
import { retention } from "../time.ts";
import { metricsOfJson, metricsOfProtobuf, type OtlpMetric, type OtlpPoint } from "./request.ts";

export interface OtlpOutcome extends Measured {
  readonly rejected: number;
  /** The reason why the last rejected point was rejected. */
  readonly reason: string;
}

const seriesMax = 20_000;
const namespacesMax = 32;
const resetMs = 3_600_000;
const startedMaxMs = 600_000;
const labelsMax = 16;
const labelMax = 256;
const bucketsMax = 256;
/** Maximum number of points per request. Exporters send a few thousand. */
const pointsMax = 50_000;
/** Maximum number of values that the points of a request become: one per 10 s since the previous point. */
const valuesMax = 400_000;
const nameMax = 200;

/** Numbers of the stream's series that belong to one point: one, or one per bucket. */
interface Entry {
  readonly numbers: readonly number[];
  /** Running totals of deltas. */
  readonly totals: number[];
}

interface Stream {
  readonly samples: SampleStream;
  readonly entries: Map<string, Entry>;
  readonly startedMs: number;
  declared: number;
  batch: number;
}

export class OtlpSeries {
  readonly #streams = new Map<string, Stream>();

  accept(namespace: string, metrics: readonly OtlpMetric[], nowMs: number): OtlpOutcome {
    // The namespace `system` has the platform's own metrics.
    if (namespace === installationNamespace)
      throw insightErrors.measuresRefused({ expected: "a namespace of users", found: namespace });
    const outcome = {
      metrics: [] as Measured["metrics"][number][],
      series: [] as Measured["series"][number][],
    };
    const points = metrics.reduce((count, metric) => count + metric.points.length, 0);
    if (points > pointsMax)
      throw insightErrors.measuresRefused({ expected: `at most ${pointsMax} points`, found: `${points}` });
    let rejected = 0;
    let reason = "";
    let values = 0;
    let counted = 0;
    const stream = this.#streamOf(namespace, nowMs);
    for (const metric of metrics)
      for (const point of metric.points) {
        const problem =
          values > valuesMax
            ? `expected at most ${valuesMax} values of a request`
            : (problemOf(metric, point, nowMs) ?? addPoint(stream, namespace, metric, point, nowMs, outcome));
        for (; counted < outcome.series.length; counted++)
          values += outcome.series[counted]?.values.length ?? 0;
        if (problem === undefined) continue;
        rejected++;
        reason = `${metric.name.slice(0, nameMax)}: ${problem}`;
      }
    return { ...outcome, rejected, reason };
  }

  #streamOf(namespace: string, nowMs: number): Stream {
    const known = this.#streams.get(namespace);
    const isFull = known !== undefined && known.declared >= seriesMax && nowMs - known.startedMs > resetMs;
    if (known !== undefined && !isFull) return known;
    if (known === undefined && this.#streams.size >= namespacesMax) {
      const [oldest] = this.#streams.keys();
      if (oldest !== undefined) this.#streams.delete(oldest);
    }
    const created = {
      samples: new SampleStream(),
      entries: new Map(),
      startedMs: nowMs,
      declared: 0,
      batch: 0,
    };
    this.#streams.set(namespace, created);
    return created;
  }
}

function problemOf(
  metric: OtlpMetric,
  { timeMs, value, counts, bounds }: OtlpPoint,
  nowMs: number,
): string | undefined {
  if (metric.name === "") return "expected a name";
  if (metric.kind === "other") return "expected a gauge, a sum or a histogram with explicit buckets";
  if (metric.kind === "sum" && !metric.isMonotonic && metric.isDelta)
    return "expected cumulative values for a non-monotonic sum";
  if (!(timeMs > 0)) return "expected a time";
  // A series whose clock was ahead would accept no point until that time.
  if (timeMs > nowMs + retention.aheadMs)
    return `expected a time at most ${retention.aheadMs / 60_000} minutes ahead`;
  if (!Number.isFinite(value)) return "expected a finite value";
  if (metric.kind !== "histogram") return undefined;
  if (counts.length !== bounds.length + 1 || counts.length > bucketsMax)
    return `expected one bucket more than bounds, and at most ${bucketsMax}`;
  if (!counts.every((count) => count >= 0 && Number.isFinite(count)))
    return "expected finite counts from 0 on";
  if (!bounds.every((bound, at) => Number.isFinite(bound) && (at === 0 || bound > (bounds[at - 1] ?? 0))))
    return "expected bounds in ascending order";
  return undefined;
}

function addPoint(
  stream: Stream,
  namespace: string,
  metric: OtlpMetric,
  point: OtlpPoint,
  nowMs: number,
  into: { readonly metrics: Measured["metrics"][number][]; readonly series: Measured["series"][number][] },
): string | undefined {
  const { kind, isMonotonic, isDelta } = metric;
  const isGauge = kind === "gauge" || (kind === "sum" && !isMonotonic);
  const name = nameOf(metric, kind === "sum" && isMonotonic);
  const labels = labelsOf(metric, point);
  const values = kind === "histogram" ? point.counts : [point.value];
  // Points of other kinds may have bounds too. Those mean nothing and can be megabytes.
  const bounds = kind === "histogram" ? point.bounds : [];
  const key = `${name}\n${labelsText(labels)}\n${bounds.join()}`;
  const send = (timeMs: number, sent: readonly number[], declarations: readonly object[] = []) => {
    const entry = stream.entries.get(key);
    const result = stream.samples.accept({
      instanceId: "",
      batch: ++stream.batch,
      timeMs,
      values: [...sent],
      metrics: declarations as Parameters<SampleStream["accept"]>[0]["metrics"],
      series: sent.length === 0 ? [] : [...(entry?.numbers ?? [])],
    });
    into.metrics.push(...result.metrics.slice(0, 1));
    into.series.push(...result.series);
  };
  if (!stream.entries.has(key)) {
    if (stream.declared + values.length > seriesMax)
      return `expected at most ${seriesMax} series of a namespace`;
    const numbers = values.map((_, at) => stream.declared + at + 1);
    stream.declared += values.length;
    stream.entries.set(key, { numbers, totals: values.map(() => 0) });
    const described = Metric.fromPartial({
      name,
      description: metric.description.slice(0, 1_000),
      unit: metric.unit.slice(0, 100),
      kind: isGauge
        ? MetricKind.METRIC_KIND_GAUGE
        : kind === "sum"
          ? MetricKind.METRIC_KIND_COUNTER
          : MetricKind.METRIC_KIND_HISTOGRAM,
    });
    const declarations = values.map((_, at) => ({
      metric: described,
      namespace,
      labels,
      bucket: bounds[at],
    }));
    // A point with its own start counts even if it is the first of its series.
    const startMs = point.startMs > 0 && point.timeMs - point.startMs <= startedMaxMs ? point.startMs : 0;
    const isFromStart = !isGauge && startMs > 0 && startMs >= nowMs - startedMaxMs;
    send(startMs, isFromStart ? values.map(() => 0) : [], declarations);
  }
  const entry = stream.entries.get(key);
  if (entry === undefined) return undefined;
  if (isDelta) for (const [at, value] of values.entries()) entry.totals[at] = (entry.totals[at] ?? 0) + value;
  send(point.timeMs, isDelta ? entry.totals : values);
  return undefined;
}

/** A map and no object, because the name of a unit may equal a member of every object. */
const units: ReadonlyMap<string, string> = new Map(
  Object.entries({
    s: "seconds",
    ms: "milliseconds",
    us: "microseconds",
    ns: "nanoseconds",
    min: "minutes",
    h: "hours",
    d: "days",
    By: "bytes",
    KiBy: "kibibytes",
    MiBy: "mebibytes",
    "%": "percent",
  }),
);

function nameOf({ name, unit, kind }: OtlpMetric, isCounter: boolean): string {
  const suffix = units.get(unit) ?? (unit === "1" && kind === "gauge" ? "ratio" : "");
  const stem = sanitized(name).replace(/_total$/, "");
  const whole = suffix === "" || stem.endsWith(`_${suffix}`) ? stem : `${stem}_${suffix}`;
  return `${whole.slice(0, nameMax - 6)}${isCounter ? "_total" : ""}`;
}

/** Returns the labels of the point and of the source that measured it. */
function labelsOf({ resource }: OtlpMetric, { attributes }: OtlpPoint): Record<string, string> {
  const origin = { service: resource["service.name"] ?? "", instance: resource["service.instance.id"] ?? "" };
  const all = [
    ...Object.entries(origin),
    ...Object.entries(attributes).sort(([one], [other]) => (one < other ? -1 : 1)),
  ];
  const labels = all.filter(([, value]) => value !== "").slice(0, labelsMax);
  return Object.fromEntries(
    labels.map(([name, value]) => [sanitized(name).slice(0, 63), value.slice(0, labelMax)]),
  );
}

function sanitized(name: string): string {
  const text = name.replaceAll(/[^a-zA-Z0-9_]+/g, "_");
  return /^[0-9]/.test(text) ? `_${text}` : text;
}

/** Parses a request. Rejects the whole body if it is no valid request. */
export function otlpMetrics(body: Uint8Array, isJson: boolean): readonly OtlpMetric[] {
  try {
    if (!isJson) return metricsOfProtobuf(body);
    return metricsOfJson(JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(body)));
  } catch (thrown) {
    throw insightErrors.measuresRefused({
      expected: `an ExportMetricsServiceRequest in ${isJson ? "JSON" : "protobuf"}`,
      found: thrown instanceof Error ? thrown.message : String(thrown),
    });
  }
}
