/** The use of resources, measured by workers: see `task_cpu_cores` and `task_memory_bytes` of the SDKs. */
import {
  Aggregation,
  ListMetricsRequest,
  metricService,
  QuerySeriesRequest,
  type Series,
} from "@tutti/contracts/insight/v1";
import type { RecordedUse } from "@tutti/definitions";
import { type Clock, toTimestamp } from "@tutti/kernel";
import type { Client, Mesh } from "@tutti/mesh";
import type { Caller, Document } from "./workflows.ts";

const hourMs = 3_600_000;
const minuteMs = 60_000;
const spanMs = 7 * 24 * hourMs;
const callersMax = 1_000;
const measured = { cpu: "task_cpu_cores", memory_bytes: "task_memory_bytes" } as const;
const resources = ["cpu", "memory_bytes"] as const;

const { AGGREGATION_QUANTILE, AGGREGATION_INCREASE, AGGREGATION_MAX, AGGREGATION_SUM } = Aggregation;

export class Uses {
  readonly #metrics: Pick<Client<typeof metricService>, "listMetrics" | "querySeries">;
  /** Returns whether a process records series. */
  readonly #isServed: () => boolean;
  readonly #clock: Clock;
  /** Results of this minute, by namespace and caller: rights depend on the caller. */
  readonly #measured = new Map<string, Promise<readonly RecordedUse[]>>();
  #minuteMs = 0;

  constructor(mesh: Pick<Mesh, "client" | "knows">, clock: Clock) {
    this.#metrics = mesh.client(metricService, { service: "insight" });
    this.#isServed = () => mesh.knows("insight");
    this.#clock = clock;
  }

  /** Returns the use of the last seven days, if a task of the workflow reserves a measured resource. */
  async of(caller: Caller, { tasks = {} }: Document): Promise<readonly RecordedUse[]> {
    const reserves = Object.values(tasks).some(({ resources: stated = {} }) =>
      resources.some((resource) => stated[resource] !== undefined),
    );
    return reserves ? this.measured(caller) : [];
  }

  /** Returns the use of the last seven days, read once a minute: it does not change in between. */
  async measured(requester: Caller): Promise<readonly RecordedUse[]> {
    if (!this.#isServed()) return [];
    // The present minute has no count yet.
    const nowMs = Math.floor(this.#clock.now() / minuteMs) * minuteMs;
    if (nowMs !== this.#minuteMs || this.#measured.size >= callersMax) this.#measured.clear();
    this.#minuteMs = nowMs;
    const { kind = "", id = "", roles = [] } = requester.context?.principal ?? {};
    const caller = JSON.stringify([requester.namespace, kind, id, roles]);
    const known = this.#measured.get(caller);
    if (known !== undefined) return known;
    const read = this.#read(requester, nowMs);
    this.#measured.set(caller, read);
    read.catch(() => {
      if (this.#measured.get(caller) === read) this.#measured.delete(caller);
    });
    return read;
  }

  async #read({ namespace, context }: Caller, nowMs: number): Promise<readonly RecordedUse[]> {
    const options = context && { context };
    const listed = ListMetricsRequest.fromPartial({ namespace, prefix: "task_" });
    const { metrics } = await this.#metrics.listMetrics(listed, options);
    const known = new Set(metrics.map(({ name }) => name));
    const queries = resources.flatMap((resource) => {
      if (!known.has(measured[resource])) return [];
      const about = { metric: measured[resource], groupBy: ["capability"] };
      const quantile = { ...about, overTime: AGGREGATION_QUANTILE, overSeries: AGGREGATION_MAX };
      return [
        { ...quantile, queryId: `${resource}.p50`, quantile: 0.5 },
        { ...quantile, queryId: `${resource}.p99`, quantile: 0.99 },
        {
          ...about,
          queryId: `${resource}.count`,
          overTime: AGGREGATION_INCREASE,
          overSeries: AGGREGATION_SUM,
        },
      ];
    });
    if (queries.length === 0) return [];
    const request = QuerySeriesRequest.fromPartial({
      namespace,
      queries,
      stepMs: hourMs,
      span: { from: toTimestamp(nowMs - spanMs), to: toTimestamp(nowMs) },
    });
    const { series } = await this.#metrics.querySeries(request, options);
    return usesOf(series);
  }
}

/** @param series by resource and statistic, one for each capability */
export function usesOf(series: readonly Series[]): readonly RecordedUse[] {
  const valuesOf = (capability: string, queryId: string) =>
    series
      .filter((each) => each.queryId === queryId && each.labels["capability"] === capability)
      .flatMap(({ values }) => [...values].filter((value) => !Number.isNaN(value)));
  const capabilities = new Set(series.flatMap(({ labels }) => labels["capability"] ?? []));
  return [...capabilities].flatMap((capability) =>
    resources.flatMap((resource): RecordedUse[] => {
      const p99 = valuesOf(capability, `${resource}.p99`);
      if (p99.length === 0) return [];
      const counts = valuesOf(capability, `${resource}.count`);
      const attempts = Math.round(counts.reduce((sum, count) => sum + count, 0));
      const p50 = Math.max(...valuesOf(capability, `${resource}.p50`));
      return [{ capability, resource, p50, p99: Math.max(...p99), attempts }];
    }),
  );
}
