import { Hold } from "@tutti/contracts/agent/v1";
import { namespaceOf } from "@tutti/contracts/rpc";
import type {
  Agent,
  agentService,
  GetAgentReply,
  GetAgentRequest,
  ListAgentsReply,
  ListAgentsRequest,
  PauseAgentReply,
} from "@tutti/contracts/swarm/v1";
import { type CallContext, errorOf, pageOf, type Refusal } from "@tutti/kernel";
import type { Pool } from "@tutti/matching";
import type { Handlers } from "@tutti/mesh";
import { swarmErrors } from "../../errors.ts";
import { defaultPool } from "../../pools/pool-directory.ts";
import type { Desk } from "../desk.ts";
import { conditionsOf, filterOf } from "./filter.ts";
import { watchAgents } from "./watch.ts";
import { weightOfAgent } from "./weight.ts";

export function agentHandlers(desk: Desk): Handlers<typeof agentService> {
  const steer = <R extends AgentRequest>(order: Order<R>) => {
    return async (request: R, context: CallContext): Promise<PauseAgentReply> => ({
      agent: await steered(desk, request, context, order),
    });
  };
  return {
    listAgents: (request) => listAgents(desk, request),
    getAgent: (request, context) => getAgent(desk, request, context),
    watchAgents: (request, { signal }) => watchAgents(desk, request, signal),
    pauseAgent: steer((pool, agent, { reason }, nowMs) => {
      if (agent.hold === Hold.HOLD_QUARANTINED) return undefined;
      return pool.hold(agent.agentId, { hold: Hold.HOLD_PAUSED, reason, forMs: 0 }, nowMs);
    }),
    resumeAgent: steer((pool, { agentId, hold }, { reason }, nowMs) => {
      if (hold !== Hold.HOLD_PAUSED) return undefined;
      return pool.release(agentId, reason, nowMs);
    }),
    quarantineAgent: steer((pool, { agentId }, { reason }, nowMs) =>
      pool.hold(agentId, { hold: Hold.HOLD_QUARANTINED, reason, forMs: 0 }, nowMs),
    ),
    releaseAgent: steer((pool, { agentId, hold }, { reason }, nowMs) => {
      if (hold !== Hold.HOLD_QUARANTINED && hold !== Hold.HOLD_FLAPPING) return undefined;
      return pool.release(agentId, reason, nowMs);
    }),
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

interface AgentRequest {
  readonly namespace: string;
  readonly pool: string;
  readonly agentId: string;
}

/** What is done to an agent; asked for again it changes nothing. */
type Order<R> = (pool: Pool, agent: Agent, request: R, nowMs: number) => Refusal | undefined;

async function steered<R extends AgentRequest>(
  desk: Desk,
  request: R,
  context: CallContext,
  order: Order<R>,
): Promise<Agent> {
  const { pool, agent } = await found(desk, request, context);
  const nowMs = desk.now();
  const refusal = order(pool, agent, request, nowMs);
  if (refusal !== undefined) throw errorOf(refusal);
  desk.pools.turns.stir(pool);
  return pool.agent(agent.agentId, nowMs) ?? agent;
}

async function found(
  desk: Desk,
  request: AgentRequest,
  context: CallContext,
): Promise<{ readonly pool: Pool; readonly agent: Agent }> {
  const pool = await desk.pools.admitted(namespaceOf(request), request.pool || defaultPool, context);
  const agent = pool.agent(request.agentId, desk.now());
  if (agent === undefined) throw swarmErrors.agentUnknown({ pool: pool.name, agent: request.agentId });
  return { pool, agent };
}

async function getAgent(desk: Desk, request: GetAgentRequest, context: CallContext): Promise<GetAgentReply> {
  const { pool, agent } = await found(desk, request, context);
  return { agent, work: pool.work(agent.agentId, desk.now()) };
}

function listAgents({ pools, now }: Desk, request: ListAgentsRequest): ListAgentsReply {
  const { filter, page } = request;
  const namespace = namespaceOf(request);
  const isWanted = filterOf(filter);
  const nowMs = now();
  const wanted = pools.of(namespace).flatMap((pool) => pool.agents(nowMs).filter(isWanted));
  const { items, nextToken } = pageOf(
    wanted,
    {
      list: ["agents", namespace, conditionsOf(filter)],
      keyOf: ({ pool, agentId }) => `${pool}/${agentId}`,
      weightOf: weightOfAgent,
    },
    page,
  );
  return { agents: items, page: { nextToken, total: wanted.length } };
}
