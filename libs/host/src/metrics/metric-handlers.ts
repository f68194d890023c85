/**
 * This process's own metrics, as in the contract of metrics: their list, and their recent values from the ring. Insight
 * stores series for longer, and answers the same queries.
 */
import {
  type ListMetricsRequest,
  Metric,
  MetricKind,
  MetricSource,
  metricService,
} from "@tutti/contracts/insight/v1";
import { defaultNamespace } from "@tutti/contracts/rpc";
import { type CallContext, type Clock, pageOf } from "@tutti/kernel";
import { type Handlers, installationNamespace } from "@tutti/mesh";
import type { MetricsRegistry, SampleRing } from "@tutti/telemetry";
import { answerSeries, type SeriesSource } from "./answer.ts";
import { metricErrors } from "./errors.ts";

const { listMetrics, querySeries } = metricService.methods;

/** The served part of the contract. */
export const servedMetricService = { ...metricService, methods: { listMetrics, querySeries } };

/**
 * Returns the service of a process under which it serves its metrics. Every process with machines serves blobs. Under
 * its own name, insight serves the series of all processes.
 */
export function metricServiceOf(services: readonly string[]): string | undefined {
  const names = services.filter((name) => name !== "blob" && name !== "insight").sort();
  return names.includes("gateway") ? "gateway" : (names[0] ?? services.find((name) => name === "blob"));
}

export interface MetricParts {
  readonly registry: Pick<MetricsRegistry, "families">;
  readonly ring: Pick<SampleRing, "series">;
  readonly clock: Clock;
  /** Returns all services of this process. The registry may know only some of them yet. */
  readonly services: () => readonly string[];
}

const fromMemory = { source: MetricSource.METRIC_SOURCE_MEMORY, problem: "" };

export function metricHandlers(parts: MetricParts): Handlers<typeof servedMetricService> {
  return {
    listMetrics(request, context) {
      requireInstallation(request.namespace, context);
      return { ...list(parts, request), ...fromMemory, services: [...parts.services()] };
    },
    querySeries(request, context) {
      requireInstallation(request.namespace, context);
      return { series: answerSeries(sourceOf(parts), request, parts.clock.now()), ...fromMemory };
    },
  };
}

/**
 * Metrics count the work of all namespaces: a caller with a right in one of them could count the work of the others.
 */
function requireInstallation(namespace: string, { principal }: Pick<CallContext, "principal">): void {
  if (principal.credential !== undefined && namespace !== installationNamespace)
    throw metricErrors.ofInstallation({ namespace: namespace || defaultNamespace });
}

type Family = ReturnType<MetricsRegistry["families"]> extends Iterable<infer F> ? F : never;

const kinds: Readonly<Record<Family["kind"], MetricKind>> = {
  counter: MetricKind.METRIC_KIND_COUNTER,
  gauge: MetricKind.METRIC_KIND_GAUGE,
  histogram: MetricKind.METRIC_KIND_HISTOGRAM,
};

function list({ registry }: MetricParts, { prefix, page }: ListMetricsRequest) {
  const found = [...registry.families()]
    .filter(({ name }) => name.startsWith(prefix))
    .sort((one, other) => (one.name < other.name ? -1 : 1));
  const { items, nextToken } = pageOf(found, { list: ["metrics", prefix], keyOf: ({ name }) => name }, page);
  const metrics = items.map(({ name, kind, help, labels }) =>
    Metric.fromPartial({
      name,
      kind: kinds[kind],
      description: help,
      unit: unitOf(name),
      labelNames: [...labels],
    }),
  );
  return { metrics, page: { nextToken, total: found.length } };
}

/** Names end with their unit, as in Prometheus. */
function unitOf(name: string): string {
  const [, unit = ""] = /_(seconds|bytes|ratio|percent)(?:_total)?$/.exec(name) ?? [];
  return unit;
}

function sourceOf({ registry, ring }: MetricParts): SeriesSource {
  const families = new Map(registry.families().map((family) => [family.name, family]));
  return {
    kindOf: (metric) => families.get(metric)?.kind,
    names: () => [...families.keys()],
    series: (metric, equals, { fromMs, statistic }) => ring.series(metric, equals, fromMs, statistic),
  };
}
