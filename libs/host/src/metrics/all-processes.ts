/**
 * The metrics of all processes of an installation. Each process stores its own. The registry lists the processes.
 *
 * 1. A process that does not answer is listed with its problem. The others are shown.
 * 2. Series are joined first within each process, so that few values are transferred, and then across processes.
 * 3. Series that stay separate have the label `process` if there are several processes.
 * 4. The name of a process has all its services: the registry has only some of them during its start or stop.
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
  /** Returns the client of the processes that run a service. */
  readonly clientOf: (service: string) => Client<typeof servedMetricService>;
  readonly instances: () => Promise<readonly KnownInstance[]>;
  /** Instances to query until the registry has answered once. Default: none. */
  readonly atFirst?: readonly KnownInstance[];
}

type KnownInstance = Pick<Instance, "id" | "service" | "address">;

/** A process with its metrics. */
export interface MetricProcess {
  /** Its services and its address: `gateway 10.0.0.7:7501`. */
  readonly name: string;
  readonly metrics: ReadonlyMap<string, Metric>;
  /** Why it did not answer. Empty if it did. */
  readonly problem: string;
  query(request: QuerySeriesRequest): Promise<Series[]>;
}

const processLabel = "process";
const { AGGREGATION_UNSPECIFIED, AGGREGATION_SUM, AGGREGATION_MEAN, AGGREGATION_MIN } = Aggregation;
const { AGGREGATION_MAX, AGGREGATION_COUNT } = Aggregation;

export class AllProcesses {
  readonly #parts: AllProcessesParts;
  /** The last answer of the registry, which may be unavailable. */
  #found: readonly KnownInstance[];

  constructor(parts: AllProcessesParts) {
    this.#parts = parts;
    this.#found = parts.atFirst ?? [];
  }

  async list(options: CallOptions): Promise<readonly MetricProcess[]> {
    const found = await this.#parts.instances().catch(() => []);
    if (found.length > 0) this.#found = found;
    const byAddress = [...Map.groupBy(this.#found, ({ address }) => address)];
    // A process with nothing but blobs is still starting: the service of its metrics is not known yet.
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
    const instance = instances.find((candidate) => candidate.service === service);
    const client = this.#parts.clientOf(service);
    const to = { ...options, ...(address !== "" && instance && { instance: instance.id }) };
    const query = async (request: QuerySeriesRequest) => (await client.querySeries(request, to)).series;
    try {
      const { metrics, services: own } = await metricsOf(client, installationNamespace, to);
      return { name: processNameOf(own.length > 0 ? own : services, address), query, metrics, problem: "" };
    } catch (thrown) {
      const { message, status } = errorFromUnknown(thrown);
      if (status === "PERMISSION_DENIED") throw thrown;
      return { name: processNameOf(services, address), query, metrics: new Map(), problem: message };
    }
  }
}

/** Returns all metrics of a namespace that a service has, by name. */
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

/** Queries each process for the metrics that it declares, and joins compatible series. */
export async function seriesOfAll(
  processes: readonly MetricProcess[],
  request: QuerySeriesRequest,
): Promise<Series[]> {
  const answering = processes.filter(({ problem }) => problem === "");
  const answers = await Promise.all(
    answering.map(async ({ name, metrics, query }) => {
      const queries = request.queries.filter(({ metric, labels }) => {
        const requestedProcess = labels?.equals[processLabel];
        return metrics.has(metric) && (requestedProcess === undefined || requestedProcess === name);
      });
      if (queries.length === 0) return [];
      const series = await query({ ...request, queries: queries.flatMap(queriesPerProcess) });
      return series.map((item) => ({ name, series: item }));
    }),
  );
  const all = answers.flat();
  return request.queries.flatMap((query) => {
    const own = all.filter(({ series }) => idOf(series) === query.queryId);
    return query.overSeries === AGGREGATION_UNSPECIFIED || query.groupBy.includes(processLabel)
      ? separate(own, query, processes.length > 1)
      : across(own, query);
  });
}

/** A mean of means is wrong, so sum and count are queried. */
const countMark = "._count_";
const idOf = ({ queryId }: Series): string => queryId.replace(countMark, "");

function queriesPerProcess(query: SeriesQuery): SeriesQuery[] {
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
  readonly series: Series;
}

function separate(reported: readonly ProcessSeries[], query: SeriesQuery, isLabelled: boolean): Series[] {
  const byProcess = Map.groupBy(reported, ({ name }) => name);
  return [...byProcess].flatMap(([name, own]) => {
    const series =
      query.overSeries === AGGREGATION_MEAN ? across(own, query) : own.map(({ series }) => series);
    return series.map((item) =>
      isLabelled ? { ...item, labels: { ...item.labels, [processLabel]: name } } : item,
    );
  });
}

/** Steps are at multiples of their length, so values of two processes at the same index have the same time. */
function across(reported: readonly ProcessSeries[], { overSeries, queryId }: SeriesQuery): Series[] {
  const groups = Map.groupBy(reported, ({ series: { labels, startTime, stepMs } }) =>
    JSON.stringify([Object.entries(labels).sort(), startTime && fromTimestamp(startTime), stepMs]),
  );
  return [...groups.values()].flatMap((group) => {
    const [first] = group;
    if (first === undefined) return [];
    const isCount = ({ series }: ProcessSeries) => series.queryId.endsWith(countMark);
    const values = joined(
      group.filter((each) => !isCount(each)),
      overSeries,
    );
    const counts = joined(group.filter(isCount), AGGREGATION_SUM);
    const combined =
      overSeries === AGGREGATION_MEAN ? values.map((sum, at) => sum / (counts[at] ?? 0)) : values;
    return [Series.fromPartial({ ...first.series, queryId, values: combined })];
  });
}

function joined(reported: readonly ProcessSeries[], overSeries: Aggregation): number[] {
  const length = Math.max(0, ...reported.map(({ series }) => series.values.length));
  return Array.from({ length }, (_, at) => {
    const values = reported
      .map(({ series }) => series.values[at] ?? Number.NaN)
      .filter((value) => !Number.isNaN(value));
    if (values.length === 0) return Number.NaN;
    if (overSeries === AGGREGATION_MIN) return Math.min(...values);
    if (overSeries === AGGREGATION_MAX) return Math.max(...values);
    return values.reduce((sum, value) => sum + value, 0);
  });
}
