/** Series of the past, as the contract of metrics has them. */
import {
  type ListMetricsRequest,
  Metric,
  MetricKind,
  type metricService,
  type QuerySeriesRequest,
  type Series,
  type WatchSeriesReply,
  type WatchSeriesRequest,
} from "@tutti/contracts/insight/v1";
import { defaultNamespace } from "@tutti/contracts/rpc";
import type { MetricWord } from "@tutti/host/metrics";
import { type CallContext, type Clock, pageOf, sleep, type Timers, toTimestamp } from "@tutti/kernel";
import { type Handlers, installationNamespace } from "@tutti/mesh";
import { measuredOf } from "../series/measured.ts";
import type { Recorder } from "../series/recorder.ts";
import { SampleStream } from "../series/sample-stream.ts";
import type { SeriesThread } from "../series/thread/series-thread.ts";

export interface MetricsParts {
  readonly thread: Pick<SeriesThread, "ask">;
  readonly recorder: Pick<Recorder, "catchUp" | "add">;
  readonly clock: Clock;
  readonly timers: Timers;
}

/** Values come each 10 s. A watch that has none to tell gives a sign of life. */
const tickMs = 10_000;
/** A watch that was away for longer starts again. */
const resumeMs = 3_600_000;

const kinds: Readonly<Record<MetricWord, MetricKind>> = {
  counter: MetricKind.METRIC_KIND_COUNTER,
  gauge: MetricKind.METRIC_KIND_GAUGE,
  histogram: MetricKind.METRIC_KIND_HISTOGRAM,
};

export function metricsHandlers(parts: MetricsParts): Handlers<typeof metricService> {
  const { thread, recorder, clock } = parts;
  return {
    async listMetrics(request: ListMetricsRequest, context) {
      const namespace = namespaceOf(request.namespace, context);
      const { prefix, page } = request;
      await recorder.catchUp();
      const found = await thread.ask("metrics", { namespace, prefix });
      const list = {
        list: ["series", namespace, prefix],
        keyOf: ({ name }: { readonly name: string }) => name,
      };
      const { items, nextToken } = pageOf([...found], list, page);
      const metrics = items.map(({ name, kind, help, unit, labels }) =>
        Metric.fromPartial({ name, kind: kinds[kind], description: help, unit, labelNames: [...labels] }),
      );
      return { metrics, page: { nextToken, total: found.length } };
    },
    watchSeries: (request, context) => watchSeries(parts, request, context),
    recordMeasures(request, context) {
      recorder.add(measuredOf(request, request.namespace || context.namespace || defaultNamespace));
      return {};
    },
    async *recordSamples(requests) {
      const stream = new SampleStream();
      for await (const request of requests) {
        recorder.add(stream.take(request));
        yield { batch: request.batch };
      }
    },
    async querySeries({ namespace, queries, span, stepMs }: QuerySeriesRequest, context) {
      const own = namespaceOf(namespace, context);
      await recorder.catchUp();
      const nowMs = clock.now();
      return { series: await thread.ask("query", { namespace: own, queries, span, stepMs, nowMs }) };
    },
  };
}

async function* watchSeries(
  { thread, recorder, clock, timers }: MetricsParts,
  { namespace, queries, pastMs, stepMs, cursor }: WatchSeriesRequest,
  context: CallContext,
): AsyncGenerator<WatchSeriesReply, void> {
  const own = namespaceOf(namespace, context);
  const step = Math.max(tickMs, Math.ceil(stepMs / tickMs) * tickMs);
  const seenMs = Number(cursor) || 0;
  let fromMs = seenMs;
  if (seenMs <= clock.now() - resumeMs || seenMs > clock.now() + tickMs)
    fromMs = Math.floor((clock.now() - pastMs) / step) * step;
  for (;;) {
    const nowMs = clock.now();
    const toMs = Math.floor(nowMs / step) * step;
    let series: Series[] = [];
    if (toMs > fromMs) {
      await recorder.catchUp();
      const span = { from: toTimestamp(fromMs), to: toTimestamp(toMs - 1) };
      const asked = { namespace: own, queries, span, stepMs: step, nowMs };
      series = await thread.ask("query", asked);
      fromMs = toMs;
    }
    yield { series, live: true, cursor: String(fromMs) };
    await sleep(timers, Math.min(tickMs, fromMs + step - nowMs), context.signal);
  }
}

/** A caller without credentials that names no namespace means the installation, as for the metrics of a process. */
function namespaceOf(namespace: string, { principal }: Pick<CallContext, "principal">): string {
  if (namespace !== "") return namespace;
  return principal.shown === undefined ? installationNamespace : defaultNamespace;
}
