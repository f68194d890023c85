import { Hold } from "@tutti/contracts/agent/v1";
import { namespaceOf } from "@tutti/contracts/rpc";
import type {
  Agent,
  agentService,
  GetAgentReply,
  GetAgentRequest,
  PauseAgentReply,
} from "@tutti/contracts/swarm/v1";
import { type CallContext, errorOf, type Refusal } from "@tutti/kernel";
import { holdAgent, releaseAgent } from "@tutti/machine-entities/pool";
import type { Pool } from "@tutti/matching";
import type { Handlers } from "@tutti/mesh";
import { swarmErrors } from "../../errors.ts";
import { defaultPool } from "../../pools/pool-directory.ts";
import type { PoolDependencies } from "../dependencies.ts";
import { listAgents } from "./listing.ts";
import { watchAgents } from "./watch.ts";

export function agentHandlers(dependencies: PoolDependencies): Handlers<typeof agentService> {
  const steer = <R extends AgentRequest>(order: Order<R>) => {
    return async (request: R, context: CallContext): Promise<PauseAgentReply> => ({
      agent: await steered(dependencies, request, context, order),
    });
  };
  return {
    listAgents: (request, context) => listAgents(dependencies, request, context),
    getAgent: (request, context) => getAgent(dependencies, request, context),
    watchAgents: (request, context) => watchAgents(dependencies, request, context),
    pauseAgent: (request, context) => hold(dependencies, request, context, Hold.HOLD_PAUSED),
    resumeAgent: (request, context) => release(dependencies, request, context, [Hold.HOLD_PAUSED]),
    quarantineAgent: (request, context) => hold(dependencies, request, context, Hold.HOLD_QUARANTINED),
    releaseAgent: (request, context) =>
      release(dependencies, request, context, [Hold.HOLD_QUARANTINED, Hold.HOLD_FLAPPING, Hold.HOLD_FAILING]),
    drainAgent: steer((pool, { agentId }, { reason, deadlineMs }, nowMs) =>
      pool.drain(agentId, reason, deadlineMs, nowMs),
    ),
    sleepAgent: steer((pool, { agentId }, { reason, forMs }, nowMs) =>
      pool.sleep(agentId, reason, forMs, nowMs),
    ),
    wakeAgent: steer((pool, { agentId }, { reason }, nowMs) => pool.wake(agentId, reason, nowMs)),
    removeAgent: steer((pool, { agentId }, { reason, forGood }, nowMs) =>
      pool.remove(agentId, reason, forGood ? -1 : 0, nowMs),
    ),
  };
}

interface HoldRequest extends AgentRequest {
  readonly reason: string;
}

/** Holds an agent until it is released, also if the pool moves. A quarantined agent stays quarantined. */
async function hold(dependencies: PoolDependencies, request: HoldRequest, context: CallContext, kind: Hold) {
  const { pool, agent } = await found(dependencies, request, context);
  const { agentId } = agent;
  const { reason } = request;
  const isMore = agent.hold === Hold.HOLD_QUARANTINED && kind === Hold.HOLD_PAUSED;
  if (!isMore) {
    const command = { command: holdAgent, body: { agentId, hold: kind, reason }, reason };
    await dependencies.poolStore.change(pool.namespace, pool.name, command, context);
  }
  return { agent: pool.agent(agentId, dependencies.now()) ?? agent };
}

async function release(
  dependencies: PoolDependencies,
  request: HoldRequest,
  context: CallContext,
  ending: readonly Hold[],
) {
  const { pool, agent } = await found(dependencies, request, context);
  const { agentId } = agent;
  const { reason } = request;
  if (ending.includes(agent.hold)) {
    const command = { command: releaseAgent, body: { agentId }, reason };
    await dependencies.poolStore.execute(pool.namespace, pool.name, command, context);
    const refusal = pool.release(agentId, reason, dependencies.now());
    if (refusal !== undefined) throw errorOf(refusal);
    await dependencies.pools.refresh(pool.namespace, pool.name);
    dependencies.pools.turns.schedule(pool);
  }
  return { agent: pool.agent(agentId, dependencies.now()) ?? agent };
}

interface AgentRequest {
  readonly namespace: string;
  readonly pool: string;
  readonly agentId: string;
}

/** Commands on one agent. A repeated command changes nothing. */
type Order<R> = (pool: Pool, agent: Agent, request: R, nowMs: number) => Refusal | undefined;

async function steered<R extends AgentRequest>(
  dependencies: PoolDependencies,
  request: R,
  context: CallContext,
  order: Order<R>,
): Promise<Agent> {
  const { pool, agent } = await found(dependencies, request, context);
  const nowMs = dependencies.now();
  const refusal = order(pool, agent, request, nowMs);
  if (refusal !== undefined) throw errorOf(refusal);
  dependencies.pools.turns.schedule(pool);
  return pool.agent(agent.agentId, nowMs) ?? agent;
}

async function found(
  dependencies: PoolDependencies,
  request: AgentRequest,
  context: CallContext,
): Promise<{ readonly pool: Pool; readonly agent: Agent }> {
  const pool = await dependencies.pools.admitted(namespaceOf(request), request.pool || defaultPool, context);
  const agent = pool.agent(request.agentId, dependencies.now());
  if (agent === undefined) throw swarmErrors.agentUnknown({ pool: pool.name, agent: request.agentId });
  return { pool, agent };
}

async function getAgent(
  dependencies: PoolDependencies,
  request: GetAgentRequest,
  context: CallContext,
): Promise<GetAgentReply> {
  const { pool, agent } = await found(dependencies, request, context);
  return { agent, work: pool.work(agent.agentId, dependencies.now()) };
}
