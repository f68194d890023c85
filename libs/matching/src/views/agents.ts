import { AgentState, Hold } from "@tutti/contracts/agent/v1";
import { type AgentSpeed, Agent as AgentViews, type AgentWork } from "@tutti/contracts/swarm/v1";
import { Cause } from "@tutti/contracts/types/v1";
import { toTimestamp } from "@tutti/kernel";
import type { Agent } from "../agents/agent.ts";
import type { AgentIndex } from "../agents/agent-index.ts";
import type { Holds } from "../agents/holds.ts";
import { type LaunchSlot, scalerIdOf } from "../agents/launch.ts";
import type { HoldOrder, PoolIdentity } from "../api/pool.ts";
import type { LearnedTimes } from "../match/learned-times.ts";
import type { LiveSettings } from "../settings.ts";
import type { Running } from "../task/running.ts";
import type { Task } from "../task/task.ts";
import { workOf } from "./work.ts";

/** The parts that PoolAgentViews needs. */
export interface PoolAgentViewsParts {
  readonly identity: PoolIdentity;
  readonly launchers: LaunchSlot;
  readonly holds: Holds;
  readonly agents: AgentIndex;
  readonly running: Running;
  readonly times: LearnedTimes;
  readonly settings: LiveSettings;
}

export class PoolAgentViews {
  readonly #identity: PoolIdentity;
  readonly #launchers: LaunchSlot;
  readonly #holds: Holds;
  readonly #agents: AgentIndex;
  readonly #running: Running;
  readonly #times: LearnedTimes;
  readonly #settings: LiveSettings;

  constructor(parts: PoolAgentViewsParts) {
    this.#identity = parts.identity;
    this.#launchers = parts.launchers;
    this.#holds = parts.holds;
    this.#agents = parts.agents;
    this.#running = parts.running;
    this.#times = parts.times;
    this.#settings = parts.settings;
  }

  /** Returns the view of an agent. */
  view(agent: Agent, nowMs: number): AgentViews {
    const { identity, hold, holdReason, used, slots } = agent;
    return {
      namespace: this.#identity.namespace,
      pool: this.#identity.name,
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
      heardTime: toTimestamp(agent.lastSeenMs),
      suspicion: this.#suspicionOf(agent, nowMs),
      host: identity.host,
      incarnation: identity.incarnation,
      sdk: identity.sdk,
      joinTime: toTimestamp(identity.joinMs),
      scalerId: scalerIdOf(identity.launchId),
      crashes: this.#launchers.current?.crashesOf(agent.agentId) ?? 0,
      done: {
        completed: agent.completed,
        failed: agent.failed,
        refused: agent.refused,
        busyMs: agent.busyMs,
        used: { tokens: agent.tokens, money: agent.money, timeMs: agent.busyMs },
      },
      speeds: this.#speedsOf(agent),
    };
  }

  #speedsOf({ agentId, offering }: Agent): AgentSpeed[] {
    return offering.capabilities.flatMap(({ name: capability }) => {
      const speed = this.#times.speed(agentId, capability);
      return speed === undefined ? [] : [{ capability, ...speed }];
    });
  }

  /** Returns absent agents: launched and not joined yet, or quarantined until they are released. */
  absent(): AgentViews[] {
    const launches = this.#launchers.current;
    const views = new Map<string, AgentViews>();
    for (const { agentId, order } of this.#holds.absent())
      views.set(agentId, this.#absentView({ agentId, launchId: "", sinceMs: 0 }, order));
    for (const launch of launches?.starting() ?? []) {
      const { agentId } = launch;
      if (this.#agents.get(agentId) === undefined && !views.has(agentId))
        views.set(agentId, this.#absentView(launch, undefined));
    }
    return [...views.values()];
  }

  #absentView(
    { agentId, launchId, sinceMs }: { agentId: string; launchId: string; sinceMs: number },
    order: HoldOrder | undefined,
  ): AgentViews {
    return {
      ...AgentViews.create(),
      namespace: this.#identity.namespace,
      pool: this.#identity.name,
      agentId,
      state: order === undefined ? AgentState.AGENT_STATE_STARTING : AgentState.AGENT_STATE_GONE,
      stateTime: sinceMs === 0 ? undefined : toTimestamp(sinceMs),
      hold: order?.hold ?? Hold.HOLD_NONE,
      holdCause: order && Cause.fromPartial({ reason: order.reason }),
      scalerId: scalerIdOf(launchId),
      crashes: this.#launchers.current?.crashesOf(agentId) ?? 0,
    };
  }

  work(agent: Agent): AgentWork[] {
    return [...this.#running.tasksOf(agent)]
      .filter(({ stage }) => stage === "working")
      .map((task) => ({
        work: workOf(task),
        attempt: task.attempt,
        capability: task.demand.requirements.capability,
        assignTime: toTimestamp(task.assignedMs),
        startTime: task.startedMs === 0 ? undefined : toTimestamp(task.startedMs),
        expectedEndTime: this.#expectedEnd(agent, task),
        progress: task.fraction,
        message: task.message,
      }));
  }

  #expectedEnd({ agentId }: Agent, { demand, assignedMs, startedMs }: Task) {
    const expectedMs = this.#times.expectedMs(agentId, demand.requirements.capability);
    return expectedMs === undefined ? undefined : toTimestamp((startedMs || assignedMs) + expectedMs);
  }

  /** Returns the level by the agent's rhythm. Before that is known: the threshold at the suspect time. */
  #suspicionOf({ suspicion, lastSeenMs }: Agent, nowMs: number): number {
    const silenceMs = nowMs - lastSeenMs;
    return (
      suspicion.level(silenceMs) ??
      (this.#settings.current.suspicionThreshold * silenceMs) / this.#settings.current.suspectMs
    );
  }
}
