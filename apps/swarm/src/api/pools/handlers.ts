/**
 * What is read of pools. Their settings come from the configuration and nothing of them is durable yet, so what would
 * make or change one is not served: whoever calls it is told so.
 */
import { defaultNamespace, namespaceOf } from "@tutti/contracts/rpc";
import {
  type ListPoolLimitsRequest,
  type ListPoolsRequest,
  type ListQueueRequest,
  type Pool as PoolView,
  poolService,
} from "@tutti/contracts/swarm/v1";
import { type CallContext, pageOf } from "@tutti/kernel";
import { labelsMatch, type Pool } from "@tutti/matching";
import type { Handlers } from "@tutti/mesh";
import { swarmErrors } from "../../errors.ts";
import { defaultPool } from "../../pools/pool-directory.ts";
import type { Desk } from "../desk.ts";
import { viewOf } from "./view.ts";
import { watchPools } from "./watch.ts";

const {
  getPool,
  listPools,
  watchPools: watch,
  listPoolLimits,
  listQueue,
  explainPlacement,
} = poolService.methods;

/** The part of the contract that is served. */
export const servedPoolService = {
  ...poolService,
  methods: { getPool, listPools, watchPools: watch, listPoolLimits, listQueue, explainPlacement },
};

/** So many waiting tasks can be paged through. */
const queuedMax = 10_000;

export function poolHandlers(desk: Desk): Handlers<typeof servedPoolService> {
  const { pools, now } = desk;
  const admitted = (
    request: { readonly namespace: string; readonly pool: string },
    context: CallContext,
  ): Promise<Pool> => pools.admitted(namespaceOf(request), request.pool || defaultPool, context);
  return {
    getPool: async (request, context) => ({ pool: viewOf(desk, await admitted(request, context)) }),
    listPools: (request) => listOf(desk, request),
    watchPools: (request, { signal }) => watchPools(desk, request, signal),
    listPoolLimits: async (request: ListPoolLimitsRequest, context: CallContext) => {
      const { prefix, withThoseOfTasks, page } = request;
      const pool = await admitted(request, context);
      const limits = pool
        .limits(now())
        .filter(({ key, maxConcurrent, rate }) => {
          const isSet = maxConcurrent > 0 || rate !== undefined;
          return key.startsWith(prefix) && (withThoseOfTasks || isSet);
        })
        .sort((one, other) => (one.key < other.key ? -1 : 1));
      const list = ["limits", pool.namespace, pool.name, prefix, withThoseOfTasks];
      const { items, nextToken } = pageOf(limits, { list, keyOf: ({ key }) => key }, page);
      return { limits: items, page: { nextToken, total: limits.length } };
    },
    listQueue: async (request: ListQueueRequest, context: CallContext) => {
      const { capability, fromNamespace, page } = request;
      const pool = await admitted(request, context);
      const isWanted = (task: { capability: string; work: { namespace: string } | undefined }): boolean =>
        (capability === "" || task.capability === capability) &&
        (fromNamespace === "" || (task.work?.namespace || defaultNamespace) === fromNamespace);
      const tasks = pool.queued(queuedMax, now()).filter(isWanted);
      const list = ["queue", pool.namespace, pool.name, capability, fromNamespace];
      const keyOf = ({ place }: { readonly place: number }) => String(place).padStart(9, "0");
      const { items, nextToken } = pageOf(tasks, { list, keyOf }, page);
      return { tasks: items, page: { nextToken, total: undefined } };
    },
    explainPlacement: async (request, context) => {
      const { namespace, kind = "run", id = "", task = "" } = request.work ?? {};
      const work = { namespace: namespace || namespaceOf(request), kind: kind || "run", id, task };
      const pool = await admitted(request, context);
      const explanation = pool.explainWork(work, now());
      if (explanation === undefined)
        throw swarmErrors.taskUnknown({
          work: `${work.kind} ${id}`,
          task,
          pool: request.pool || defaultPool,
        });
      return { explanation };
    },
  };
}

function listOf(desk: Desk, request: ListPoolsRequest) {
  const { labels, page } = request;
  const namespace = namespaceOf(request);
  const wanted = desk.pools.of(namespace).filter(() => labelsMatch({}, labels));
  const conditions = labels && [Object.entries(labels.equals).sort(), labels.exists, labels.absent];
  const { items, nextToken } = pageOf(
    wanted,
    { list: ["pools", namespace, conditions], keyOf: ({ name }) => name },
    page,
  );
  const pools: PoolView[] = items.map((pool) => viewOf(desk, pool));
  return { pools, page: { nextToken, total: wanted.length } };
}
