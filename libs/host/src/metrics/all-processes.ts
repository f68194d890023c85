/**
 * The metrics of all processes of an installation. Each process keeps its own. The registry knows which there are.
 *
 * 1. A process that does not answer is named with its problem. The others are shown.
 * 2. Series that become one do so within each process first, so that few values travel, and then across processes.
 * 3. Series that stay apart carry the label `process` if there are several processes.
 * 4. A process names itself by all its services: the registry has only some of them while it starts or stops.
 */
import {
  Aggregation,
  type ListMetricsReply,
  type Metric,
  type QuerySeriesRequest,
  Series,
  type SeriesQuery,
} from "@tutti/contracts/insight/v1";
import type { Instance } from "@tutti/contracts/registry/v1";
import { errorFromUnknown, fromTimestamp } from "@tutti/kernel";
import { type CallOptions, type Client, installationNamespace } from "@tutti/mesh";
import { processNameOf } from "../process-name.ts";
import { metricServiceOf, type servedMetricService } from "./metric-handlers.ts";

export interface AllProcessesParts {
  /** The client of the processes that run a service. */
  readonly clientOf: (service: string) => Client<typeof servedMetricService>;
  readonly instances: () => Promise<readonly KnownInstance[]>;
  /** Those that are asked until the registry has answered once. Default none. */
  readonly atFirst?: readonly KnownInstance[];
}

type KnownInstance = Pick<Instance, "id" | "service" | "address">;

/** A process, and what it declares. */
export interface MetricProcess {
  /** The services that it runs, and where: `gateway 10.0.0.7:7501`. */
  readonly name: string;
  readonly metrics: ReadonlyMap<string, Metric>;
  /** Why it did not answer. Empty if it did. */
  readonly problem: string;
  ask(request: QuerySeriesRequest): Promise<Series[]>;
}

const processLabel = "process";
const { AGGREGATION_UNSPECIFIED, AGGREGATION_SUM, AGGREGATION_MEAN, AGGREGATION_MIN } = Aggregation;
const { AGGREGATION_MAX, AGGREGATION_COUNT } = Aggregation;

export class AllProcesses {
  readonly #parts: AllProcessesParts;
  /** What the registry answered last. It may be away. */
  #found: readonly KnownInstance[];

  constructor(parts: AllProcessesParts) {
    this.#parts = parts;
    this.#found = parts.atFirst ?? [];
  }

  async list(options: CallOptions): Promise<readonly MetricProcess[]> {
    const found = await this.#parts.instances().catch(() => []);
    if (found.length > 0) this.#found = found;
    const byAddress = [...Map.groupBy(this.#found, ({ address }) => address)];
    // A process that serves nothing but blobs so far is still starting: what serves its metrics is not known yet.
    const named = byAddress.filter(([, instances]) => instances.some(({ service }) => service !== "blob"));
    return Promise.all(named.map(([address, instances]) => this.#process(address, instances, options)));
  }

  async #process(
    address: string,
    instances: readonly Pick<Instance, "id" | "service">[],
    options: CallOptions,
  ): Promise<MetricProcess> {
    const services = instances.map((instance) => instance.service);
    // Insight serves its own metrics as a blob service, which is not part of its name.
    const service = metricServiceOf(services) ?? "gateway";
    const instance = instances.find((one) => one.service === service);
    const client = this.#parts.clientOf(service);
    const to = { ...options, ...(address !== "" && instance && { instance: instance.id }) };
    const ask = async (request: QuerySeriesRequest) => (await client.querySeries(request, to)).series;
    try {
      const { metrics, services: own } = await metricsOf(client, installationNamespace, to);
      return { name: processNameOf(own.length > 0 ? own : services, address), ask, metrics, problem: "" };
    } catch (thrown) {
      const { message, status } = errorFromUnknown(thrown);
      if (status === "PERMISSION_DENIED") throw thrown;
      return { name: processNameOf(services, address), ask, metrics: new Map(), problem: message };
    }
  }
}

/** All metrics of a namespace that a service has, by name. */
export async function metricsOf(
  client: Client<typeof servedMetricService>,
  namespace: string,
  options: CallOptions,
): Promise<
  Pick<ListMetricsReply, "source" | "problem" | "services"> & {
    readonly metrics: ReadonlyMap<string, Metric>;
  }
> {
  const all = new Map<string, Metric>();
  let token = "";
  for (;;) {
    const request = { namespace, prefix: "", page: { size: 1_000, token } };
    const { metrics, page, source, problem, services } = await client.listMetrics(request, options);
    for (const metric of metrics) all.set(metric.name, metric);
    token = page?.nextToken ?? "";
    if (token === "") return { metrics: all, source, problem, services };
  }
}

/** Asks each process for the metrics that it declares, and joins what may become one. */
export async function seriesOfAll(
  processes: readonly MetricProcess[],
  request: QuerySeriesRequest,
): Promise<Series[]> {
  const answering = processes.filter(({ problem }) => problem === "");
  const answers = await Promise.all(
    answering.map(async ({ name, metrics, ask }) => {
      const queries = request.queries.filter(({ metric, labels }) => {
        const wanted = labels?.equals[processLabel];
        return metrics.has(metric) && (wanted === undefined || wanted === name);
      });
      if (queries.length === 0) return [];
      const series = await ask({ ...request, queries: queries.flatMap(ofOneProcess) });
      return series.map((one) => ({ name, one }));
    }),
  );
  const all = answers.flat();
  return request.queries.flatMap((query) => {
    const own = all.filter(({ one }) => idOf(one) === query.queryId);
    return query.overSeries === AGGREGATION_UNSPECIFIED || query.groupBy.includes(processLabel)
      ? apart(own, query, processes.length > 1)
      : across(own, query);
  });
}

/** A mean of means is wrong: sum and count are asked for. */
const countMark = "._count_";
const idOf = ({ queryId }: Series): string => queryId.replace(countMark, "");

function ofOneProcess(query: SeriesQuery): SeriesQuery[] {
  const { [processLabel]: _process, ...equals } = query.labels?.equals ?? {};
  const labels = query.labels && { ...query.labels, equals };
  const groupBy = query.groupBy.filter((label) => label !== processLabel);
  const own = { ...query, labels, groupBy };
  if (query.overSeries !== AGGREGATION_MEAN) return [own];
  return [
    { ...own, overSeries: AGGREGATION_SUM },
    { ...own, overSeries: AGGREGATION_COUNT, queryId: `${query.queryId}${countMark}` },
  ];
}

interface ProcessSeries {
  readonly name: string;
  readonly one: Series;
}

function apart(reported: readonly ProcessSeries[], query: SeriesQuery, isLabelled: boolean): Series[] {
  const byProcess = Map.groupBy(reported, ({ name }) => name);
  return [...byProcess].flatMap(([name, own]) => {
    const series = query.overSeries === AGGREGATION_MEAN ? across(own, query) : own.map(({ one }) => one);
    return series.map((one) =>
      isLabelled ? { ...one, labels: { ...one.labels, [processLabel]: name } } : one,
    );
  });
}

/** Steps are at multiples of their length, so values of two processes at the same place are of the same time. */
function across(reported: readonly ProcessSeries[], { overSeries, queryId }: SeriesQuery): Series[] {
  const groups = Map.groupBy(reported, ({ one: { labels, startTime, stepMs } }) =>
    JSON.stringify([Object.entries(labels).sort(), startTime && fromTimestamp(startTime), stepMs]),
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const isCount = ({ one }: ProcessSeries) => one.queryId.endsWith(countMark);
    const values = joined(
      group.filter((each) => !isCount(each)),
      overSeries,
    );
    const counts = joined(group.filter(isCount), AGGREGATION_SUM);
    const made = overSeries === AGGREGATION_MEAN ? values.map((sum, at) => sum / (counts[at] ?? 0)) : values;
    return [Series.fromPartial({ ...first.one, queryId, values: made })];
  });
}

function joined(reported: readonly ProcessSeries[], overSeries: Aggregation): number[] {
  const length = Math.max(0, ...reported.map(({ one }) => one.values.length));
  return Array.from({ length }, (_, at) => {
    const values = reported
      .map(({ one }) => one.values[at] ?? Number.NaN)
      .filter((value) => !Number.isNaN(value));
    if (values.length === 0) return Number.NaN;
    if (overSeries === AGGREGATION_MIN) return Math.min(...values);
    if (overSeries === AGGREGATION_MAX) return Math.max(...values);
    return values.reduce((sum, value) => sum + value, 0);
  });
}
