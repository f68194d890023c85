/** Series of the past, as the contract of metrics has them. */
import {
  type ListMetricsRequest,
  Metric,
  MetricKind,
  metricService,
  type QuerySeriesRequest,
} from "@tutti/contracts/insight/v1";
import { defaultNamespace } from "@tutti/contracts/rpc";
import type { MetricWord } from "@tutti/host/metrics";
import { type CallContext, type Clock, pageOf } from "@tutti/kernel";
import { type Handlers, installationNamespace } from "@tutti/mesh";
import type { Recorder } from "../series/recorder.ts";
import type { SeriesThread } from "../series/thread/series-thread.ts";

const { listMetrics, querySeries } = metricService.methods;

/** The part of the contract that is served. */
export const servedSeriesService = { ...metricService, methods: { listMetrics, querySeries } };

export interface MetricsParts {
  readonly thread: Pick<SeriesThread, "ask">;
  readonly recorder: Pick<Recorder, "catchUp">;
  readonly clock: Clock;
}

const kinds: Readonly<Record<MetricWord, MetricKind>> = {
  counter: MetricKind.METRIC_KIND_COUNTER,
  gauge: MetricKind.METRIC_KIND_GAUGE,
  histogram: MetricKind.METRIC_KIND_HISTOGRAM,
};

export function metricsHandlers(parts: MetricsParts): Handlers<typeof servedSeriesService> {
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
    async querySeries({ namespace, queries, span, stepMs }: QuerySeriesRequest, context) {
      const own = namespaceOf(namespace, context);
      await recorder.catchUp();
      const nowMs = clock.now();
      return { series: await thread.ask("query", { namespace: own, queries, span, stepMs, nowMs }) };
    },
  };
}

/** A caller without credentials that names no namespace means the installation, as for the metrics of a process. */
function namespaceOf(namespace: string, { principal }: Pick<CallContext, "principal">): string {
  if (namespace !== "") return namespace;
  return principal.shown === undefined ? installationNamespace : defaultNamespace;
}
