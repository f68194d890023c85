/** Handlers for recorded series, by the contract of metrics. */
import {
  type ListMetricsRequest,
  Metric,
  MetricKind,
  MetricSource,
  type metricService,
  type QuerySeriesRequest,
  type Series,
  type WatchSeriesReply,
  type WatchSeriesRequest,
} from "@tutti/contracts/insight/v1";
import { defaultNamespace } from "@tutti/contracts/rpc";
import type { MetricKindName } from "@tutti/host/metrics";
import {
  type CallContext,
  type Clock,
  errorFromUnknown,
  pageOf,
  sleep,
  type Timers,
  toTimestamp,
} from "@tutti/kernel";
import { type Handlers, installationNamespace } from "@tutti/mesh";
import { insightErrors } from "../errors.ts";
import { measuredOf } from "../series/measured.ts";
import { OtlpSeries, otlpMetrics } from "../series/otlp/otlp-series.ts";
import type { PrometheusSeries, SeriesRequest } from "../series/prometheus/prometheus-series.ts";
import type { Recorder } from "../series/recorder.ts";
import type { RecordedMetric } from "../series/sample.ts";
import { SampleStream } from "../series/sample-stream.ts";
import type { SeriesThread } from "../series/thread/series-thread.ts";

export interface MetricsParts {
  readonly thread: Pick<SeriesThread, "request">;
  readonly recorder: Pick<Recorder, "catchUp" | "add">;
  /** Read in place of the store, if it answers. */
  readonly prometheus?: Pick<PrometheusSeries, "metrics" | "query"> | undefined;
  readonly clock: Clock;
  readonly timers: Timers;
}

/** Values arrive every 10 s. A watch without new values sends an empty reply. */
const tickMs = 10_000;
/** A watch that was disconnected for longer starts again. */
const resumeMs = 3_600_000;

const kinds: Readonly<Record<MetricKindName, MetricKind>> = {
  counter: MetricKind.METRIC_KIND_COUNTER,
  gauge: MetricKind.METRIC_KIND_GAUGE,
  histogram: MetricKind.METRIC_KIND_HISTOGRAM,
};

export function metricsHandlers(parts: MetricsParts): Handlers<typeof metricService> {
  const { recorder, clock } = parts;
  const otlp = new OtlpSeries();
  return {
    async listMetrics(request: ListMetricsRequest, context) {
      const namespace = namespaceOf(request.namespace, context);
      const { prefix, page } = request;
      const { found, ...origin } = await metricsOf(parts, namespace, prefix);
      const list = {
        list: ["series", namespace, prefix],
        keyOf: ({ name }: { readonly name: string }) => name,
      };
      const { items, nextToken } = pageOf([...found], list, page);
      const metrics = items.map(({ name, kind, help, unit, labels }) =>
        Metric.fromPartial({ name, kind: kinds[kind], description: help, unit, labelNames: [...labels] }),
      );
      return { metrics, page: { nextToken, total: found.length }, ...origin, services: [] };
    },
    watchSeries: (request, context) => watchSeries(parts, request, context),
    recordMeasures(request, context) {
      recorder.add(measuredOf(request, request.namespace || context.namespace || defaultNamespace));
      return {};
    },
    recordOtlpMetrics({ namespace, body, json }, context) {
      const own = namespace || context.namespace || defaultNamespace;
      const { rejected, reason, ...measured } = otlp.accept(own, otlpMetrics(body, json), clock.now());
      recorder.add(measured);
      return { rejectedDataPoints: rejected, reason };
    },
    async *recordSamples(requests) {
      const stream = new SampleStream();
      for await (const request of requests) {
        recorder.add(stream.accept(request));
        yield { batch: request.batch };
      }
    },
    async querySeries({ namespace, queries, span, stepMs }: QuerySeriesRequest, context) {
      const own = namespaceOf(namespace, context);
      const { found, ...origin } = await seriesOf(parts, {
        namespace: own,
        queries,
        span,
        stepMs,
        nowMs: clock.now(),
      });
      return { series: found, ...origin };
    },
  };
}

interface FromSource<T> {
  readonly found: T;
  readonly source: MetricSource;
  readonly problem: string;
}

function metricsOf(
  parts: MetricsParts,
  namespace: string,
  prefix: string,
): Promise<FromSource<readonly RecordedMetric[]>> {
  return fromSource(
    parts,
    (prometheus) => prometheus.metrics(namespace, prefix),
    () => parts.thread.request("metrics", { namespace, prefix }),
  );
}

function seriesOf(parts: MetricsParts, query: SeriesRequest): Promise<FromSource<Series[]>> {
  return fromSource(
    parts,
    (prometheus) => prometheus.query(query),
    () => parts.thread.request("query", query),
  );
}

/** Asks Prometheus if it is configured. If it fails, the store answers with the same data. */
async function fromSource<T>(
  { prometheus, recorder }: MetricsParts,
  there: (prometheus: Pick<PrometheusSeries, "metrics" | "query">) => Promise<T>,
  here: () => Promise<T>,
): Promise<FromSource<T>> {
  let problem = "";
  if (prometheus !== undefined)
    try {
      return { found: await there(prometheus), source: MetricSource.METRIC_SOURCE_PROMETHEUS, problem };
    } catch (thrown) {
      if (!insightErrors.prometheusFailed.is(thrown)) throw thrown;

      problem = errorFromUnknown(thrown).message;
    }
  await recorder.catchUp();
  return { found: await here(), source: MetricSource.METRIC_SOURCE_STORE, problem };
}

async function* watchSeries(
  parts: MetricsParts,
  { namespace, queries, pastMs, stepMs, cursor }: WatchSeriesRequest,
  context: CallContext,
): AsyncGenerator<WatchSeriesReply, void> {
  const { clock, timers } = parts;
  const own = namespaceOf(namespace, context);
  const step = Math.max(tickMs, Math.ceil(stepMs / tickMs) * tickMs);
  const cursorMs = Number(cursor) || 0;
  let fromMs = cursorMs;
  if (cursorMs <= clock.now() - resumeMs || cursorMs > clock.now() + tickMs)
    fromMs = Math.floor((clock.now() - pastMs) / step) * step;
  for (;;) {
    const nowMs = clock.now();
    const toMs = Math.floor(nowMs / step) * step;
    let series: Series[] = [];
    if (toMs > fromMs) {
      const span = { from: toTimestamp(fromMs), to: toTimestamp(toMs - 1) };
      const query = { namespace: own, queries, span, stepMs: step, nowMs };
      series = (await seriesOf(parts, query)).found;
      fromMs = toMs;
    }
    yield { series, live: true, cursor: String(fromMs) };
    await sleep(timers, Math.min(tickMs, fromMs + step - nowMs), context.signal);
  }
}

/** For a caller without credentials, an empty namespace means the installation, as for the metrics of a process. */
function namespaceOf(namespace: string, { principal }: Pick<CallContext, "principal">): string {
  if (namespace !== "") return namespace;
  return principal.credential === undefined ? installationNamespace : defaultNamespace;
}
