import { AgentState, Hold } from "@tutti/contracts/agent/v1";
import { Agent as AgentViews, type AgentWork } from "@tutti/contracts/swarm/v1";
import { Cause } from "@tutti/contracts/types/v1";
import { toTimestamp } from "@tutti/kernel";
import { scalerIdOf } from "../agents/launch.ts";
import type { HoldOrder } from "../api/pool.ts";
import type { PoolCore } from "../books.ts";
import type { Agent, Task } from "../parts.ts";
import { workOf } from "./work.ts";

/** Returns an agent as others see it. */
export function agentView(core: PoolCore, agent: Agent, nowMs: number): AgentViews {
  const { identity, hold, holdReason, used, slots } = agent;
  return {
    namespace: core.namespace,
    pool: core.name,
    agentId: agent.agentId,
    kind: identity.kind,
    state: agent.state,
    stateReason: agent.stateReason,
    stateTime: toTimestamp(agent.stateMs),
    hold,
    holdCause: hold === Hold.HOLD_NONE ? undefined : Cause.fromPartial({ reason: holdReason }),
    offering: agent.offering,
    freeSlots: Math.max(0, slots - used),
    attempts: used,
    credit: agent.credit,
    figures: agent.figures,
    heardTime: toTimestamp(agent.heardMs),
    suspicion: suspicionOf(core, agent, nowMs),
    host: identity.host,
    incarnation: identity.incarnation,
    sdk: identity.sdk,
    joinTime: toTimestamp(identity.joinMs),
    scalerId: scalerIdOf(identity.launchId),
    crashes: core.launches?.crashesOf(agent.agentId) ?? 0,
    done: {
      completed: agent.completed,
      failed: agent.failed,
      refused: agent.refused,
      busyMs: agent.busyMs,
      used: undefined,
    },
    speeds: [],
  };
}

/** Agents that are not there: launched and not joined yet, or put aside until they are released. */
export function absentViews(core: PoolCore): AgentViews[] {
  const { launches, roster, holds } = core;
  const views = new Map<string, AgentViews>();
  for (const { agentId, order } of holds.absent())
    views.set(agentId, absentView(core, { agentId, launchId: "", sinceMs: 0 }, order));
  for (const launch of launches?.starting() ?? []) {
    const { agentId } = launch;
    if (roster.get(agentId) === undefined && !views.has(agentId))
      views.set(agentId, absentView(core, launch, undefined));
  }
  return [...views.values()];
}

function absentView(
  core: PoolCore,
  { agentId, launchId, sinceMs }: { agentId: string; launchId: string; sinceMs: number },
  order: HoldOrder | undefined,
): AgentViews {
  return {
    ...AgentViews.create(),
    namespace: core.namespace,
    pool: core.name,
    agentId,
    state: order === undefined ? AgentState.AGENT_STATE_STARTING : AgentState.AGENT_STATE_GONE,
    stateTime: sinceMs === 0 ? undefined : toTimestamp(sinceMs),
    hold: order?.hold ?? Hold.HOLD_NONE,
    holdCause: order && Cause.fromPartial({ reason: order.reason }),
    scalerId: scalerIdOf(launchId),
    crashes: core.launches?.crashesOf(agentId) ?? 0,
  };
}

export function workView(core: PoolCore, agent: Agent): AgentWork[] {
  return [...agent.tasks()]
    .filter(({ stage }) => stage === "working")
    .map((task) => ({
      work: workOf(task),
      attempt: task.attempt,
      capability: task.demand.wish.capability,
      assignTime: toTimestamp(task.assignedMs),
      startTime: task.begunMs === 0 ? undefined : toTimestamp(task.begunMs),
      expectedEndTime: expectedEnd(core, agent, task),
      progress: task.fraction,
      message: task.message,
    }));
}

function expectedEnd({ times }: PoolCore, { agentId }: Agent, { demand, assignedMs, begunMs }: Task) {
  const expectedMs = times.expectedMs(agentId, demand.wish.capability);
  return expectedMs === undefined ? undefined : toTimestamp((begunMs || assignedMs) + expectedMs);
}

/** By its rhythm. Before that is known, in parts of what is allowed: the threshold when it is suspect. */
function suspicionOf({ settings }: PoolCore, { suspicion, heardMs }: Agent, nowMs: number): number {
  const silenceMs = nowMs - heardMs;
  return suspicion.level(silenceMs) ?? (settings.suspicionThreshold * silenceMs) / settings.suspectMs;
}
