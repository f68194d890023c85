import { Hold } from "@tutti/contracts/agent/v1";
import type { Agent as AgentView, AgentWork } from "@tutti/contracts/swarm/v1";
import { Cause } from "@tutti/contracts/types/v1";
import { toTimestamp } from "@tutti/kernel";
import type { Agent, PoolCore, Task } from "../parts.ts";
import { workOf } from "./work.ts";

/** An agent as others see it. */
export function agentView(core: PoolCore, agent: Agent, nowMs: number): AgentView {
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
    scalerId: "",
    crashes: 0,
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

export function workView(core: PoolCore, agent: Agent): AgentWork[] {
  return [...agent.tasks()]
    .filter(({ stage }) => stage === "working")
    .map((task) => ({
      work: workOf(task),
      attempt: task.offer.attempt,
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

/** By its rhythm; before that is known, in parts of what is allowed: the threshold when it is suspect. */
function suspicionOf({ settings }: PoolCore, { suspicion, heardMs }: Agent, nowMs: number): number {
  const silenceMs = nowMs - heardMs;
  return suspicion.level(silenceMs) ?? (settings.suspicionThreshold * silenceMs) / settings.suspectMs;
}
