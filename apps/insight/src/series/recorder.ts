/**
 * Records the samples that every process of the installation keeps of its own metrics.
 *
 * 1. A process keeps ten minutes of samples by the second. So a failed round, or a restart of insight, loses no samples
 *    of other processes.
 * 2. The last recorded sample of each process is remembered, so that a clock that is behind leaves no gap.
 * 3. One round at a time. A query waits for a round if the last one is older than a sample. Rounds are due at multiples
 *    of the interval, as the rules of alerts are. So the thread of series starts once a minute for both.
 */
import { Aggregation, type Metric, MetricKind, type Series, SeriesQuery } from "@tutti/contracts/insight/v1";
import type { AllProcesses, MetricProcess } from "@tutti/host";
import type { MetricKindName } from "@tutti/host/metrics";
import {
  type Component,
  degraded,
  errorFromUnknown,
  type Foundation,
  fromTimestamp,
  type Health,
  healthy,
  sleep,
  type Timer,
  toTimestamp,
} from "@tutti/kernel";
import { installationNamespace } from "@tutti/mesh";
import { insightErrors } from "../errors.ts";
import type { Measured } from "./measured.ts";
import type { RecordedMetric, RecordedSeries, RecordOutcome, SampleBatch, Statistic } from "./sample.ts";
import type { SeriesThread } from "./thread/series-thread.ts";
import { slotMs } from "./time.ts";

export interface RecorderParts {
  readonly foundation: Foundation;
  readonly processes: Pick<AllProcesses, "list">;
  readonly thread: Pick<SeriesThread, "request" | "stop">;
  readonly everyMs: number;
  /** Sends metrics of users to a remote write endpoint as well. */
  readonly forward?: (measured: Measured, nowMs: number) => void;
}

/** How far back processes keep samples by the second. */
const lookbackMs = 590_000;
/** Queries per request. The contract allows 100. */
const queriesMax = 96;
const callMs = 10_000;
const earlyMs = 50;
/** Maximum time that a query or a stop waits for a round. */
const soonMs = 3_000;
/** Values of workers and services that wait for a round: some megabytes. */
const sentValuesMax = 500_000;
const declaredMax = 20_000;

const kindNames = new Map<MetricKind, MetricKindName>([
  [MetricKind.METRIC_KIND_COUNTER, "counter"],
  [MetricKind.METRIC_KIND_GAUGE, "gauge"],
  [MetricKind.METRIC_KIND_HISTOGRAM, "histogram"],
]);

const rate = { overTime: Aggregation.AGGREGATION_RATE };
const quantile = (value: number) => ({ overTime: Aggregation.AGGREGATION_QUANTILE, quantile: value });

/** The queries for each kind of metric, with the resulting statistic. */
const recordedQueries: Readonly<
  Record<MetricKindName, readonly (readonly [Statistic, Partial<SeriesQuery>])[]>
> = {
  counter: [["rate", rate]],
  gauge: [["value", { overTime: Aggregation.AGGREGATION_MEAN }]],
  histogram: [
    ["rate", rate],
    ["p50", quantile(0.5)],
    ["p99", quantile(0.99)],
  ],
};

export class Recorder implements Component {
  readonly #parts: RecorderParts;
  readonly #recordedUntil = new Map<string, number>();
  readonly #declared = new Map<string, RecordedMetric>();
  /** Queries of a metric, by kind and name. Every round sends the same queries. */
  readonly #queries = new Map<string, readonly SeriesQuery[]>();
  /** Values that workers and services sent since the last round. */
  #sent: { readonly metrics: RecordedMetric[]; readonly series: RecordedSeries[] } = {
    metrics: [],
    series: [],
  };
  #sentValues = 0;
  readonly #counters: ReturnType<typeof countersOf>;
  #timer: Timer | undefined;
  #round: Promise<void> | undefined;
  #lastMs = 0;
  #isStopped = false;
  #isDrained = false;
  #hasRecorded = false;
  #problem = "";

  constructor(parts: RecorderParts) {
    this.#parts = parts;
    this.#counters = countersOf(parts.foundation.metrics);
  }

  start(): void {
    this.#lastMs = this.#parts.foundation.clock.now();
    this.#next();
  }

  #next(): void {
    this.#timer?.cancel();
    if (this.#isStopped || this.#isDrained) return;
    const { everyMs, foundation } = this.#parts;
    const untilNextMs = everyMs - (foundation.clock.now() % everyMs);
    // A timer may be early by a moment, and this round was its round.
    const delayMs = untilNextMs < earlyMs ? untilNextMs + everyMs : untilNextMs;
    this.#timer = foundation.timers.after(delayMs, () => void this.record());
  }

  /** Records once more, because samples of this process since the last round would be lost with the process. */
  async drain(): Promise<void> {
    this.#isDrained = true;
    this.#timer?.cancel();
    if (this.#parts.foundation.clock.now() - this.#lastMs >= slotMs) await this.#forAWhile(this.record());
  }

  async stop(): Promise<void> {
    this.#timer?.cancel();
    this.#isStopped = true;
    await this.#forAWhile(this.#round);
    await this.#parts.thread.stop();
  }

  health(): Health {
    return this.#problem === "" ? healthy : degraded(this.#problem);
  }

  /** Waits until the store has everything that is older than a sample. */
  async catchUp(): Promise<void> {
    const isOld = this.#parts.foundation.clock.now() - this.#lastMs >= slotMs;
    if (isOld || !this.#hasRecorded || this.#sentValues > 0) await this.#forAWhile(this.record());
  }

  /** Waits a limited time for a round, because the round waits for processes that do not answer. */
  async #forAWhile(round: Promise<void> | undefined): Promise<void> {
    const ended = new AbortController();
    try {
      await Promise.race([round, sleep(this.#parts.foundation.timers, soonMs, ended.signal)]);
    } finally {
      ended.abort();
    }
  }

  /** Adds values to the next round. */
  add({ metrics, series }: Measured): void {
    const values = series.reduce((sum, each) => sum + each.values.length, 0);
    if (this.#sentValues + values > sentValuesMax)
      throw insightErrors.measuresTooMany({ most: sentValuesMax });
    this.#sentValues += values;
    for (const metric of metrics) if (this.#isNew(metric)) this.#sent.metrics.push(metric);
    for (const each of series) this.#sent.series.push(each);
  }

  /** Records all processes. Never throws: the next round repeats failed parts. */
  record(): Promise<void> {
    this.#round ??= this.#recordAll()
      .catch((error: unknown) => this.#failed(errorFromUnknown(error).message))
      .finally(() => {
        this.#round = undefined;
        this.#next();
      });
    return this.#round;
  }

  async #recordAll(): Promise<void> {
    const { processes, foundation } = this.#parts;
    const nowMs = foundation.clock.now();
    const found = await processes.list({ timeoutMs: callMs });
    for (const process of found) if (process.problem === "") await this.#recordProcess(process, nowMs);
    await this.#recordSent(nowMs);
    this.#lastMs = nowMs;
    this.#hasRecorded = true;
    this.#problem = "";
  }

  async #recordProcess(process: MetricProcess, nowMs: number): Promise<void> {
    const { name, metrics, query } = process;
    const untilMs = Math.floor(nowMs / slotMs) * slotMs;
    const fromMs = Math.max(this.#recordedUntil.get(name) ?? 0, untilMs - lookbackMs);
    if (fromMs >= untilMs) return;
    const span = { from: toTimestamp(fromMs), to: toTimestamp(untilMs) };
    const queries = [...metrics.values()].flatMap((metric) => this.#queriesOf(metric));
    const series: RecordedSeries[] = [];
    for (let at = 0; at < queries.length; at += queriesMax) {
      const part = queries.slice(at, at + queriesMax);
      const request = { namespace: installationNamespace, queries: part, span, stepMs: slotMs };
      for (const each of await query(request)) series.push(...recordedOf(each, name));
    }
    const declared = [...metrics.values()].flatMap(declaredOf);
    await this.#store({ nowMs, metrics: declared.filter((each) => this.#isNew(each)), series });
    // A clock that is behind has no samples of the last moments yet. The next round requests them again.
    const lastMs = Math.max(fromMs, ...series.map(endOf));
    this.#recordedUntil.set(name, Math.max(lastMs, untilMs - lookbackMs));
  }

  async #recordSent(nowMs: number): Promise<void> {
    if (this.#sent.series.length === 0) return;
    const sent = this.#sent;
    this.#sent = { metrics: [], series: [] };
    this.#sentValues = 0;
    this.#parts.forward?.(sent, nowMs);
    await this.#store({ nowMs, ...sent });
  }

  async #store(batch: SampleBatch): Promise<void> {
    // The thread has ended. A request would start another thread.
    if (this.#isStopped) return;
    const outcome = await this.#parts.thread.request("record", batch);
    this.#counters.count(outcome);
    for (const metric of outcome.overflowing)
      this.#parts.foundation.logger.warn("metric has too many series: further ones are recorded together", {
        metric,
        remedy: "reduce the values of its labels, or raise insight.seriesOfMetricMax",
      });
    if (outcome.movedAside !== undefined && this.#counters.isFirst(outcome.movedAside.file))
      this.#parts.foundation.logger.error(
        "store of series was damaged, a new one is used",
        outcome.movedAside,
      );
  }

  #isNew(metric: RecordedMetric): boolean {
    const key = `${metric.namespace}\n${metric.name}`;
    const known = this.#declared.get(key);
    if (known !== undefined && isSame(known, metric)) return false;
    if (this.#declared.size >= declaredMax) this.#declared.clear();
    this.#declared.set(key, metric);
    return true;
  }

  #queriesOf(metric: Metric): readonly SeriesQuery[] {
    const key = `${metric.kind} ${metric.name}`;
    const known = this.#queries.get(key);
    if (known !== undefined) return known;
    const queries = queriesOf(metric);
    if (this.#queries.size >= declaredMax) this.#queries.clear();
    this.#queries.set(key, queries);
    return queries;
  }

  #failed(problem: string): void {
    if (this.#problem === "")
      this.#parts.foundation.logger.warn("samples were not recorded, the next round repeats it", { problem });
    this.#problem = problem;
    // The store may not have kept the declarations.
    this.#declared.clear();
  }
}

function queriesOf({ name, kind }: Metric): SeriesQuery[] {
  const kindName = kindNames.get(kind);
  if (kindName === undefined) return [];
  return recordedQueries[kindName].map(([statistic, query]) =>
    SeriesQuery.fromPartial({ queryId: `${statistic}.${name}`, metric: name, ...query }),
  );
}

function declaredOf({ name, kind, description, unit, labelNames }: Metric): RecordedMetric[] {
  const kindName = kindNames.get(kind);
  if (kindName === undefined) return [];
  const labels = [...labelNames, "process"];
  return [{ namespace: installationNamespace, name, kind: kindName, help: description, unit, labels }];
}

function isSame(one: RecordedMetric, other: RecordedMetric): boolean {
  return (
    one.kind === other.kind &&
    one.help === other.help &&
    one.unit === other.unit &&
    one.labels.length === other.labels.length &&
    one.labels.every((label, at) => label === other.labels[at])
  );
}

/** Samples of a long-running process are further apart: each sample covers several places. */
function recordedOf(
  { queryId, labels, startTime, stepMs, values }: Series,
  process: string,
): RecordedSeries[] {
  if (startTime === undefined || values.every((value) => Number.isNaN(value))) return [];
  const [statistic = "", metric = ""] = queryId.split(".");
  const places = Math.max(1, Math.round(stepMs / slotMs));
  const spread = Float64Array.from(
    { length: values.length * places },
    (_, at) => values[Math.floor(at / places)] ?? Number.NaN,
  );
  return [
    {
      namespace: installationNamespace,
      metric,
      labels: { ...labels, process },
      // The cast: the query was made from this statistic.
      statistic: statistic as Statistic,
      fromMs: fromTimestamp(startTime),
      values: spread,
      isSparse: true,
    },
  ];
}

function endOf({ fromMs, values }: RecordedSeries): number {
  return fromMs + (values.findLastIndex((value) => !Number.isNaN(value)) + 1) * slotMs;
}

function countersOf(metrics: Foundation["metrics"]) {
  const samples = metrics
    .counter({ name: "tutti_insight_samples_total", help: "Samples recorded in the store of series." })
    .with({});
  const left = metrics.counter({
    name: "tutti_insight_samples_dropped_total",
    help: "Samples that were not recorded, by reason.",
    labels: ["reason"],
  });
  const [late, ahead] = [left.with({ reason: "late" }), left.with({ reason: "clock_ahead" })];
  const overflowed = metrics
    .counter({
      name: "tutti_insight_samples_overflowed_total",
      help: "Samples that share a series, because their metric has too many.",
    })
    .with({});
  const series = metrics.gauge({ name: "tutti_insight_series", help: "Series in the store." }).with({});
  const bytes = metrics
    .gauge({ name: "tutti_insight_store_bytes", help: "Size of the store of series." })
    .with({});
  const damaged = metrics
    .gauge({ name: "tutti_insight_damaged_blocks", help: "Damaged blocks found since the store was opened." })
    .with({});
  const seen = new Set<string>();
  return {
    count(outcome: RecordOutcome) {
      samples.add(outcome.recorded);
      late.add(outcome.late);
      ahead.add(outcome.ahead);
      overflowed.add(outcome.overflowed);
      series.set(outcome.series);
      bytes.set(outcome.bytes);
      damaged.set(outcome.damaged);
    },
    isFirst(file: string): boolean {
      const isFirst = !seen.has(file);
      seen.add(file);
      return isFirst;
    },
  };
}
