/**
 * The agents of a pool: which are present, and the state of each. Readiness, holds, and the work of agents
 * that leave have files of their own.
 *
 * 1. An agent id has one agent, an agent at most one open link. A later incarnation replaces an earlier one,
 *    and a later link an earlier link.
 * 2. An agent is given work only while it is heard, linked, neither held nor draining nor asleep, and has
 *    room.
 * 3. The attempts of an agent that leaves have failed as lost. The pool does not wait for a missing agent.
 */

import { AgentState, type Bye, type Hello, Offering } from "@tutti/contracts/agent/v1";
import { assert, durationText, type Refusal } from "@tutti/kernel";
import type { AgentOutlet } from "../api/agents.ts";
import type { PoolIdentity } from "../api/pool.ts";
import { matchingErrors } from "../errors.ts";
import type { LearnedTimes } from "../match/learned-times.ts";
import type { Outbox } from "../outbox.ts";
import type { LiveSettings } from "../settings.ts";
import type { AttemptReports } from "../task/attempt-reports.ts";
import type { Claims } from "../task/claims.ts";
import type { Wheel } from "../time/wheel.ts";
import { Agent, type AgentIdentity, type AgentWatch } from "./agent.ts";
import type { AgentEvents } from "./agent-events.ts";
import type { AgentIndex } from "./agent-index.ts";
import type { AgentStates } from "./agent-states.ts";
import { idleDueMs, suspectMs } from "./due-times.ts";
import type { Holds } from "./holds.ts";
import type { LaunchSlot } from "./launch.ts";
import { type LinkParts, OpenLink } from "./link.ts";
import type { Losses } from "./losses.ts";
import type { CapabilityPauses } from "./pauses.ts";
import type { Readiness } from "./readiness.ts";

const never = Number.POSITIVE_INFINITY;

/** The parts that Roster needs. */
export interface RosterParts {
  readonly agents: AgentIndex;
  readonly wheel: Wheel;
  readonly states: AgentStates;
  readonly readiness: Readiness;
  readonly claims: Claims;
  readonly losses: Losses;
  readonly events: AgentEvents;
  readonly settings: LiveSettings;
  readonly holds: Holds;
  readonly identity: PoolIdentity;
  readonly launchers: LaunchSlot;
  readonly times: LearnedTimes;
  readonly reports: AttemptReports;
  readonly outbox: Outbox;
  readonly pauses: CapabilityPauses;
}

export class Roster implements AgentWatch {
  readonly #agents: AgentIndex;
  readonly #wheel: Wheel;
  readonly #states: AgentStates;
  readonly #readiness: Readiness;
  readonly #claims: Claims;
  readonly #losses: Losses;
  readonly #events: AgentEvents;
  readonly #settings: LiveSettings;
  readonly #holds: Holds;
  readonly #identity: PoolIdentity;
  readonly #launchers: LaunchSlot;
  readonly #times: LearnedTimes;
  readonly #pauses: CapabilityPauses;
  readonly #link: LinkParts;

  constructor(parts: RosterParts) {
    this.#agents = parts.agents;
    this.#wheel = parts.wheel;
    this.#states = parts.states;
    this.#readiness = parts.readiness;
    this.#claims = parts.claims;
    this.#losses = parts.losses;
    this.#events = parts.events;
    this.#settings = parts.settings;
    this.#holds = parts.holds;
    this.#identity = parts.identity;
    this.#launchers = parts.launchers;
    this.#times = parts.times;
    this.#pauses = parts.pauses;
    const { states, readiness, reports, outbox } = parts;
    this.#link = {
      states,
      readiness,
      reports,
      outbox,
      removeAgent: (...leaving) => this.removeAgent(...leaving),
    };
  }

  /** Accepts an agent, or its next incarnation or link. The caller compares the tasks that it reports. */
  join(hello: Hello, agentId: string, host: string, outlet: AgentOutlet, nowMs: number): OpenLink | Refusal {
    const known = this.#agents.get(agentId);
    const refusal = this.#refusalOf(hello, agentId, known) ?? this.#holds.flappingOf(agentId, nowMs);
    if (refusal !== undefined) return refusal;
    const offering = hello.offering ?? Offering.fromPartial({});
    const identity: AgentIdentity = {
      agentId,
      incarnation: hello.incarnation,
      kind: hello.kind,
      host,
      sdk: [hello.sdkName, hello.sdkVersion].filter((part) => part !== "").join(" "),
      launchId: hello.launchId,
      joinMs: nowMs,
    };
    const agent = known ?? new Agent(identity, offering, this);
    agent.link?.close({ reason: "the agent has connected again", returnAfterMs: 0 });
    if (agent.identity.incarnation !== identity.incarnation) {
      this.#times.removeAgent(agentId);
      agent.wakesOnDemand = false;
    }
    agent.identity = identity;
    this.#reset(agent, nowMs);
    this.#agents.add(agent);
    const link = new OpenLink(this.#link, agent, outlet);
    agent.link = link;
    this.#readiness.offer(agent, offering);
    this.#holds.apply(agent, nowMs);
    this.#states.watch(agent, nowMs);
    if (known === undefined) this.#reportStarting(agent, nowMs);
    this.#states.restate(agent, "", nowMs);
    return link;
  }

  /** Removes an agent, with a goodbye if its link can still carry one. */
  removeAgent(agent: Agent, reason: string, bye: Bye | undefined, nowMs: number): void {
    if (!this.#agents.remove(agent)) return;
    agent.link?.close(bye);
    agent.link = undefined;
    this.#wheel.remove(agent);
    this.#states.sleepers.delete(agent);
    agent.isDisconnected = true;
    this.#pauses.removeAgent(agent);
    this.#readiness.remove(agent);
    this.#claims.drop(agent);
    this.#losses.loseAll(agent, reason === "" ? "the agent is lost" : reason, nowMs);
    this.#events.reportState(agent, AgentState.AGENT_STATE_GONE, reason, nowMs);
  }

  due(agent: Agent, nowMs: number): void {
    const settings = this.#settings.current;
    const { leaseMs } = settings;
    if (agent.reconnectDueMs <= nowMs) {
      this.removeAgent(
        agent,
        "its link was cut and not resumed in time",
        goodbye("the link was not resumed in time"),
        nowMs,
      );
      return;
    }
    if (!agent.isDisconnected && agent.lastSeenMs + leaseMs <= nowMs) {
      this.removeAgent(
        agent,
        `it sent no heartbeat for ${durationText(leaseMs)}`,
        goodbye("the agent was silent for too long"),
        nowMs,
      );
      return;
    }
    if (!agent.isDisconnected && !agent.silent && agent.lastSeenMs + suspectMs(settings, agent) <= nowMs) {
      agent.silent = true;
      this.#states.changed(
        agent,
        `it sent no heartbeat for ${durationText(nowMs - agent.lastSeenMs)}`,
        nowMs,
      );
    }
    if (agent.slowedDueMs <= nowMs) {
      agent.slowed = false;
      agent.slowedDueMs = never;
      this.#readiness.roomGained(agent);
    }
    this.#pauses.due(agent, nowMs);
    this.#holds.due(agent, nowMs);
    if (agent.drainDueMs <= nowMs) {
      agent.drainDueMs = never;
      this.#losses.loseAll(agent, "the agent drains, and its deadline has passed", nowMs);
    }
    if (agent.sleepDueMs <= nowMs) {
      if (agent.link !== undefined) agent.link.outgoing.wake = { reason: "the sleep time has ended" };
      this.#states.markAwake(agent, "its sleep time has ended", nowMs);
    }
    if (idleDueMs(settings, agent, nowMs) <= nowMs && agent.link !== undefined) {
      const reason = "the agent is idle";
      agent.link.outgoing.sleep = { reason, forMs: 0 };
      this.#states.markAsleep(agent, reason, 0, true, nowMs);
    }
    this.#states.watch(agent, nowMs);
  }

  #refusalOf(hello: Hello, agent: string, known: Agent | undefined): Refusal | undefined {
    const settings = this.#settings.current;
    const name = this.#identity.name;
    const later = known?.identity.incarnation ?? "";
    const { incarnation } = hello;
    if (incarnation < later) return matchingErrors.agentSuperseded.refusal({ agent, incarnation, later });
    if (known === undefined && this.#agents.size >= settings.agentsMax)
      return matchingErrors.agentsFull.refusal({ pool: name, max: settings.agentsMax });
    const problem =
      hello.offering === undefined ? undefined : this.#readiness.offeringProblem(hello.offering);
    return problem === undefined ? undefined : matchingErrors.offeringInvalid.refusal({ agent, problem });
  }

  /** Reports that an agent was starting until now. For a launched agent that has been reported already. */
  #reportStarting(agent: Agent, nowMs: number): void {
    const { agentId, identity } = agent;
    for (const { launchId } of this.#launchers.current?.starting() ?? [])
      if (launchId === identity.launchId) agent.reportedState = AgentState.AGENT_STATE_STARTING;
    if (agent.reportedState === AgentState.AGENT_STATE_UNSPECIFIED)
      this.#events.reportState(agent, AgentState.AGENT_STATE_STARTING, "", nowMs);
    assert(agent.reportedState === AgentState.AGENT_STATE_STARTING, "a new agent is starting", { agentId });
  }

  #reset(agent: Agent, nowMs: number): void {
    agent.credit = 0;
    agent.allowed = agent.slots;
    agent.lastSeenMs = nowMs;
    agent.isDisconnected = false;
    agent.silent = false;
    agent.suspicion.pause();
    agent.slowed = false;
    this.#pauses.removeAgent(agent);
    agent.life = "active";
    this.#states.sleepers.delete(agent);
    if (agent.used === 0) agent.idleSinceMs = nowMs;
    agent.busyInRow = 0;
    agent.reconnectDueMs = never;
    agent.slowedDueMs = never;
    agent.drainDueMs = never;
    agent.sleepDueMs = never;
  }
}

function goodbye(reason: string): Bye {
  return { reason, returnAfterMs: 0 };
}
