/** Pools: made, steered and looked at. What lasts of them is kept by their machines; how they stand, the pools know. */
import { defaultNamespace, namespaceOf } from "@tutti/contracts/rpc";
import type { ExplainPlacementRequest, ListQueueRequest, poolService } from "@tutti/contracts/swarm/v1";
import { type CallContext, pageOf } from "@tutti/kernel";
import type { Handlers } from "@tutti/mesh";
import { swarmErrors } from "../../errors.ts";
import { defaultPool } from "../../pools/pool-directory.ts";
import type { Desk } from "../desk.ts";
import { create, pause, remove, resume, shown, update } from "./changing.ts";
import { deleteLimit, listLimits, setLimit } from "./limits.ts";
import { listPools } from "./listing.ts";
import { watchPools } from "./watch.ts";

/** So many waiting tasks can be paged through. */
const queuedMax = 10_000;

export function poolHandlers(desk: Desk): Handlers<typeof poolService> {
  return {
    createPool: (request, context) => create(desk, request, context),
    getPool: async (request, context) => ({
      pool: await shown(desk, namespaceOf(request), request.pool || defaultPool, context),
    }),
    getPoolUse: async (request, context) =>
      (await desk.pools.admitted(namespaceOf(request), request.pool || defaultPool, context)).use(
        request.agents,
      ),
    listPools: (request, context) => listPools(desk, request, context),
    watchPools: (request, context) => watchPools(desk, request, context),
    updatePool: (request, context) => update(desk, request, context),
    deletePool: (request, context) => remove(desk, request, context),
    pausePool: (request, context) => pause(desk, request, context),
    resumePool: (request, context) => resume(desk, request, context),
    setPoolLimit: (request, context) => setLimit(desk, request, context),
    listPoolLimits: (request, context) => listLimits(desk, request, context),
    deletePoolLimit: (request, context) => deleteLimit(desk, request, context),
    listQueue: (request, context) => listQueue(desk, request, context),
    explainPlacement: (request, context) => explainPlacement(desk, request, context),
  };
}

async function listQueue({ pools, now }: Desk, request: ListQueueRequest, context: CallContext) {
  const { capability, fromNamespace, page } = request;
  const pool = await pools.admitted(namespaceOf(request), request.pool || defaultPool, context);
  const isWanted = (task: { capability: string; work: { namespace: string } | undefined }): boolean =>
    (capability === "" || task.capability === capability) &&
    (fromNamespace === "" || (task.work?.namespace || defaultNamespace) === fromNamespace);
  const tasks = pool.queued(queuedMax, now()).filter(isWanted);
  const list = ["queue", pool.namespace, pool.name, capability, fromNamespace];
  const keyOf = ({ place }: { readonly place: number }) => String(place).padStart(9, "0");
  const { items, nextToken } = pageOf(tasks, { list, keyOf }, page);
  return { tasks: items, page: { nextToken, total: undefined } };
}

async function explainPlacement(
  { pools, now }: Desk,
  request: ExplainPlacementRequest,
  context: CallContext,
) {
  const { namespace, kind = "run", id = "", task = "" } = request.work ?? {};
  const work = { namespace: namespace || namespaceOf(request), kind: kind || "run", id, task };
  const pool = await pools.admitted(namespaceOf(request), request.pool || defaultPool, context);
  const explanation = pool.explainWork(work, now());
  if (explanation === undefined) {
    const goneMs = pool.placementsGoneUntilMs(now());
    throw swarmErrors.taskUnknown({ work: `${work.kind} ${id}`, task, pool: pool.name, goneMs });
  }
  return { explanation };
}
