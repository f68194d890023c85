/**
 * The health of services and components, from their metrics, and of workers, from facts.
 *
 * 1. Services belong to the installation: they are in the namespace `system`. Workers are in the namespace of their pool.
 * 2. Of several processes of a service, the least healthy counts.
 */
import {
  Aggregation,
  type GetHealthHistoryReply,
  type GetHealthHistoryRequest,
  HealthSpan,
  SeriesQuery,
} from "@tutti/contracts/insight/v1";
import { defaultNamespace } from "@tutti/contracts/rpc";
import { type Clock, errorFromUnknown, fromTimestamp, pageOf, toTimestamp } from "@tutti/kernel";
import { installationNamespace } from "@tutti/mesh";
import { insightErrors } from "../errors.ts";
import type { FactCollector } from "../facts/collector.ts";
import type { QueryProcess } from "../facts/query/query-process.ts";
import { timeText } from "../facts/tables.ts";
import type { Recorder } from "../series/recorder.ts";
import type { SeriesThread } from "../series/thread/series-thread.ts";
import { type HealthSpanFound, type HealthState, healthSpans, overlaid } from "./spans.ts";

export interface HealthParts {
  readonly collector: Pick<FactCollector, "catchUp">;
  readonly queries: Pick<QueryProcess, "query">;
  readonly series: Pick<SeriesThread, "request">;
  readonly recorder: Pick<Recorder, "catchUp">;
  readonly file: string;
  readonly clock: Clock;
}

const dayMs = 24 * 3_600_000;
const stepMinMs = 10_000;
const stepsMax = 1_440;
const rowsMax = 10_000;
const { AGGREGATION_MAX, AGGREGATION_MIN } = Aggregation;
/** Zeros are recorded only after another value. A running process always has one of the states, which is not zero. */
const metrics = {
  presence: { metric: "tutti_orchestrator_state", groupBy: ["orchestrator"] },
  ready: {
    metric: "tutti_orchestrator_state",
    groupBy: ["orchestrator"],
    labels: { equals: { state: "ready" } },
    overTime: AGGREGATION_MIN,
    overSeries: AGGREGATION_MIN,
  },
  services: { metric: "tutti_orchestrator_health_severity", groupBy: ["orchestrator"] },
  components: {
    metric: "tutti_orchestrator_component_health_severity",
    groupBy: ["orchestrator", "component"],
  },
} as const;

export async function getHealthHistory(
  parts: HealthParts,
  { namespace: named, prefix, span, page }: GetHealthHistoryRequest,
): Promise<GetHealthHistoryReply> {
  const namespace = named || defaultNamespace;
  const toMs = span?.to === undefined ? parts.clock.now() : fromTimestamp(span.to);
  const fromMs = span?.from === undefined ? toMs - dayMs : fromTimestamp(span.from);
  if (fromMs >= toMs) throw insightErrors.spanEmpty();
  const found =
    namespace === installationNamespace
      ? await ofServices(parts, fromMs, toMs)
      : await ofAgents(parts, namespace, fromMs, toMs);
  const keyOf = ({ subject, fromMs: startMs }: HealthSpanFound) =>
    `${subject} ${String(Math.round(startMs)).padStart(16, "0")}`;
  const sorted = found
    .filter(({ subject }) => subject.startsWith(prefix))
    .sort((one, other) => (keyOf(one) < keyOf(other) ? -1 : 1));
  const list = { list: ["health", namespace, prefix], keyOf };
  const { items, nextToken } = pageOf(sorted, list, page);
  return { spans: items.map(spanMessage), page: { nextToken } };
}

function spanMessage({ subject, state, reason, fromMs, toMs }: HealthSpanFound): HealthSpan {
  return HealthSpan.fromPartial({
    subject,
    state,
    reason,
    startTime: toTimestamp(fromMs),
    ...(toMs !== undefined && { endTime: toTimestamp(toMs) }),
  });
}

async function ofServices(
  { series, recorder }: HealthParts,
  fromMs: number,
  toMs: number,
): Promise<HealthSpanFound[]> {
  await recorder.catchUp();
  const request = {
    namespace: installationNamespace,
    nowMs: toMs,
    span: { from: toTimestamp(fromMs), to: toTimestamp(toMs) },
    stepMs: Math.max(stepMinMs, Math.ceil((toMs - fromMs) / stepsMax / stepMinMs) * stepMinMs),
  };
  const valuesOf = async ({ groupBy, ...of }: (typeof metrics)[keyof typeof metrics]) => {
    const query = SeriesQuery.fromPartial({
      overTime: AGGREGATION_MAX,
      overSeries: AGGREGATION_MAX,
      ...of,
      queryId: "health",
      groupBy: [...groupBy],
    });
    const found = await series.request("query", { ...request, queries: [query] }).catch((thrown: unknown) => {
      // No value of the metric was recorded yet.
      if (errorFromUnknown(thrown).status === "NOT_FOUND") return [];
      throw thrown;
    });
    return found.map(({ labels, startTime, stepMs, values }) => ({
      service: labels["orchestrator"] ?? "",
      component: labels["component"] ?? "",
      startMs: startTime === undefined ? fromMs : fromTimestamp(startTime),
      stepMs,
      values: [...values],
    }));
  };
  const presence = await valuesOf(metrics.presence);
  const ready = await valuesOf(metrics.ready);
  const services = await valuesOf(metrics.services);
  const components = await valuesOf(metrics.components);
  return healthSpans(
    presence.flatMap((there) => {
      const up = ready.find(({ service }) => service === there.service);
      const health = services.find(({ service }) => service === there.service);
      return [
        overlaid(there.service, there, health, up),
        ...components
          .filter(({ service }) => service === there.service)
          .map((found) => overlaid(`${found.service}/${found.component}`, there, found, up)),
      ];
    }),
  );
}

/** `busy` is not recorded, because a worker changes between `ready` and `busy` all the time. */
const states: Readonly<Record<string, HealthState>> = {
  starting: "not_ready",
  ready: "ready",
  draining: "degraded",
  asleep: "not_ready",
  suspect: "degraded",
  gone: "gone",
};

async function ofAgents(
  { collector, queries: facts, file }: HealthParts,
  namespace: string,
  fromMs: number,
  toMs: number,
): Promise<HealthSpanFound[]> {
  await collector.catchUp();
  const sql = `SELECT pool, agent, state, reason, since, until FROM agent_states
    WHERE since < :to AND (until IS NULL OR until > :from)`;
  const parameters = { from: timeText(fromMs) ?? "", to: timeText(toMs) ?? "" };
  const answer = await facts.query({ file, namespace, sql, rowsMax, parameters });
  if ("problem" in answer) throw insightErrors.threadGone({ reason: answer.problem });
  const rows: (string | null)[][] = JSON.parse(answer.rows);
  const msOf = (text: string) => Date.parse(`${text.replace(" ", "T")}Z`);
  return rows.map(([pool, agent, state, reason, since, until]) => ({
    subject: `agent/${pool}/${agent}`,
    state: states[state ?? ""] ?? "not_ready",
    reason: reason ?? "",
    fromMs: Math.max(fromMs, msOf(since ?? "")),
    toMs: until ? msOf(until) : undefined,
  }));
}
