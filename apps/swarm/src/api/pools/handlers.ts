/** Pools: create, update and read. Their machines store them. The pools know their own present state. */
import { defaultNamespace, namespaceOf } from "@tutti/contracts/rpc";
import type { ExplainPlacementRequest, ListQueueRequest, poolService } from "@tutti/contracts/swarm/v1";
import { type Explanation, type Wait, WaitCause } from "@tutti/contracts/types/v1";
import { type CallContext, pageOf } from "@tutti/kernel";
import type { Pool } from "@tutti/matching";
import type { Handlers } from "@tutti/mesh";
import { swarmErrors } from "../../errors.ts";
import { defaultPool } from "../../pools/pool-directory.ts";
import type { PoolDependencies } from "../dependencies.ts";
import { create, currentView, pause, remove, resume, update } from "./changing.ts";
import { deleteLimit, listLimits, setLimit } from "./limits.ts";
import { listPools } from "./listing.ts";
import { listPlacedAttempts } from "./placed-attempts.ts";
import { watchPools } from "./watch.ts";

/** Maximum of waiting tasks that pages can show. */
const queuedMax = 10_000;

export function poolHandlers(dependencies: PoolDependencies): Handlers<typeof poolService> {
  return {
    createPool: (request, context) => create(dependencies, request, context),
    getPool: async (request, context) => ({
      pool: await currentView(dependencies, namespaceOf(request), request.pool || defaultPool, context),
    }),
    getPoolUse: async (request, context) =>
      (await dependencies.pools.admitted(namespaceOf(request), request.pool || defaultPool, context)).use(
        request.agents,
      ),
    listPlacedAttempts: (request, context) => listPlacedAttempts(dependencies, request, context),
    listPools: (request, context) => listPools(dependencies, request, context),
    watchPools: (request, context) => watchPools(dependencies, request, context),
    updatePool: (request, context) => update(dependencies, request, context),
    deletePool: (request, context) => remove(dependencies, request, context),
    pausePool: (request, context) => pause(dependencies, request, context),
    resumePool: (request, context) => resume(dependencies, request, context),
    setPoolLimit: (request, context) => setLimit(dependencies, request, context),
    listPoolLimits: (request, context) => listLimits(dependencies, request, context),
    deletePoolLimit: (request, context) => deleteLimit(dependencies, request, context),
    listQueue: (request, context) => listQueue(dependencies, request, context),
    explainPlacement: (request, context) => explainPlacement(dependencies, request, context),
  };
}

async function listQueue({ pools, now }: PoolDependencies, request: ListQueueRequest, context: CallContext) {
  const { capability, fromNamespace, page } = request;
  const pool = await pools.admitted(namespaceOf(request), request.pool || defaultPool, context);
  const isMatch = (task: { capability: string; work: { namespace: string } | undefined }): boolean =>
    (capability === "" || task.capability === capability) &&
    (fromNamespace === "" || (task.work?.namespace || defaultNamespace) === fromNamespace);
  const tasks = pool.queued(queuedMax, now()).filter(isMatch);
  const list = ["queue", pool.namespace, pool.name, capability, fromNamespace];
  const keyOf = ({ place }: { readonly place: number }) => String(place).padStart(9, "0");
  const { items, nextToken } = pageOf(tasks, { list, keyOf }, page);
  return { tasks: items, page: { nextToken, total: undefined } };
}

async function explainPlacement(
  { pools, now }: PoolDependencies,
  request: ExplainPlacementRequest,
  context: CallContext,
) {
  const { namespace, kind = "run", id = "", task = "" } = request.work ?? {};
  const work = { namespace: namespace || namespaceOf(request), kind: kind || "run", id, task };
  const pool = await pools.admitted(namespaceOf(request), request.pool || defaultPool, context);
  const explanation = pool.explainWork(work, now());
  if (explanation === undefined) {
    const unknownBeforeMs = pool.placementsUnknownBeforeMs(now());
    throw swarmErrors.taskUnknown({
      work: `${work.kind} ${id}`,
      task,
      pool: pool.name,
      goneMs: unknownBeforeMs,
    });
  }
  return { explanation: withOtherPool(explanation, pool, pools.of(pool.namespace)) };
}

/** Names the pool of the namespace whose agents offer what the task waits for. Its author may have meant that one. */
function withOtherPool(explanation: Explanation, pool: Pool, pools: readonly Pool[]): Explanation {
  const isMissing = ({ cause, present }: Wait) => present && cause === WaitCause.WAIT_CAUSE_NO_CAPABILITY;
  const wait = explanation.waits.find(isMissing);
  const other = pools.find(
    (each) => each !== pool && each.offered().some(({ capability: { name } }) => name === wait?.subject),
  );
  if (wait === undefined || other === undefined) return explanation;
  const { name } = other;
  const message = `no worker in the pool ${pool.name} offers ${wait.subject}, but one in the pool ${name} does`;
  const text = `start that worker in the pool ${pool.name} (TUTTI_POOL=${pool.name}), or set \`placement: {pool: ${name}}\` of the task and move the run to that version`;
  return {
    ...explanation,
    summary: explanation.summary.replace(wait.message, message),
    waits: explanation.waits.map((each) => (each === wait ? { ...each, message } : each)),
    // The first remedy is that of the missing capability.
    remedies: [{ text, command: "" }, ...explanation.remedies.slice(1)],
  };
}
