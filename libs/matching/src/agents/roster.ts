/**
 * The agents of a pool: who is there, and how each stands. Who of them is ready, who is held, and what becomes of the
 * work of those who go have files of their own.
 *
 * 1. An agent id has one agent, an agent at most one open link. A later incarnation takes the place of an earlier one, a
 *    later link that of an earlier one.
 * 2. An agent is given work only while it is heard, linked, neither held nor draining nor asleep, and has room.
 * 3. What an agent had when it went has failed as lost. A missing agent is not waited for.
 */
import {
  AgentState,
  type Bye,
  type Heartbeat,
  type Hello,
  Offering,
  type Result,
} from "@tutti/contracts/agent/v1";
import { RetryClass } from "@tutti/contracts/types/v1";
import { assert, backoffMs, type Refusal } from "@tutti/kernel";
import type { AgentOutlet } from "../api/agents.ts";
import type { AgentBook, PoolCore } from "../books.ts";
import { busyBackoff, busyFactor, busyPauseMaxMs } from "../bounds.ts";
import { matchingErrors } from "../errors.ts";
import type { Agent, AgentIdentity } from "../parts.ts";
import { letOthers } from "../task/waiting.ts";
import type { AgentWatch } from "./agent.ts";
import { JoinedAgent } from "./agent.ts";
import { idleDueMs, nextDueMs, suspectMs } from "./due-times.ts";
import { OpenLink } from "./link.ts";
import { giveAway } from "./losing.ts";

const never = Number.POSITIVE_INFINITY;

export class Roster implements AgentBook, AgentWatch {
  readonly #core: PoolCore;
  readonly #agents = new Map<string, Agent>();
  /** Those that sleep until they are needed. */
  readonly sleepers = new Set<Agent>();

  constructor(core: PoolCore) {
    this.#core = core;
  }

  get agents(): ReadonlyMap<string, Agent> {
    return this.#agents;
  }

  get(agentId: string): Agent | undefined {
    return this.#agents.get(agentId);
  }

  /** Takes an agent in, or its next incarnation or link. What it says it has is the caller's to look at. */
  join(hello: Hello, agentId: string, host: string, outlet: AgentOutlet, nowMs: number): OpenLink | Refusal {
    const known = this.#agents.get(agentId);
    const refusal = this.#refusalOf(hello, agentId, known) ?? this.#core.holds.flappingOf(agentId, nowMs);
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
    const agent = known ?? new JoinedAgent(identity, offering, this);
    agent.link?.close({ reason: "the agent has said hello again", returnAfterMs: 0 });
    if (agent.identity.incarnation !== identity.incarnation) {
      this.#core.times.forget(agentId);
      agent.wakesByNeed = false;
    }
    agent.identity = identity;
    this.#reset(agent, nowMs);
    this.#agents.set(agentId, agent);
    const link = new OpenLink(this.#core, agent, outlet);
    agent.link = link;
    this.#core.readiness.offer(agent, offering);
    this.#core.holds.apply(agent, nowMs);
    this.#watch(agent, nowMs);
    if (known === undefined) this.#begin(agent, nowMs);
    this.restate(agent, "", nowMs);
    return link;
  }

  /** An agent goes, with a goodbye where its link can still carry one. */
  leave(agent: Agent, reason: string, bye: Bye | undefined, nowMs: number): void {
    if (this.#agents.get(agent.agentId) !== agent) return;
    this.#agents.delete(agent.agentId);
    agent.link?.close(bye);
    agent.link = undefined;
    this.#core.wheel.remove(agent);
    this.sleepers.delete(agent);
    agent.cut = true;
    this.#core.readiness.withdraw(agent);
    this.#core.claims.drop(agent);
    giveAway(this.#core, agent, reason === "" ? "the agent is gone" : reason, nowMs);
    this.#core.tell(agent, AgentState.AGENT_STATE_GONE, reason, nowMs);
  }

  heard(agent: Agent, nowMs: number): void {
    agent.heardMs = nowMs;
    if (!agent.silent) return;
    agent.silent = false;
    this.changed(agent, "it was heard again", nowMs);
  }

  cut(agent: Agent, nowMs: number): void {
    agent.cut = true;
    agent.suspicion.pause();
    agent.cutDueMs = nowMs + this.#core.settings.resumeWindowMs;
    this.changed(agent, "its link was cut", nowMs);
  }

  resume(agent: Agent, nowMs: number): void {
    agent.cut = false;
    agent.cutDueMs = never;
    agent.silent = false;
    agent.heardMs = nowMs;
    this.changed(agent, "its link goes on", nowMs);
  }

  drains(agent: Agent, reason: string, deadlineMs: number, nowMs: number): void {
    agent.life = "draining";
    this.sleepers.delete(agent);
    agent.credit = 0;
    agent.drainDueMs = deadlineMs > 0 ? nowMs + deadlineMs : never;
    this.changed(agent, reason, nowMs);
  }

  sleeps(agent: Agent, reason: string, forMs: number, wakesByNeed: boolean, nowMs: number): void {
    agent.life = "asleep";
    agent.wakesByNeed = wakesByNeed;
    if (wakesByNeed) this.sleepers.add(agent);
    else this.sleepers.delete(agent);
    agent.credit = 0;
    agent.sleepDueMs = forMs > 0 ? nowMs + forMs : never;
    this.changed(agent, reason, nowMs);
  }

  wakes(agent: Agent, reason: string, nowMs: number): void {
    if (agent.life !== "asleep") return;
    agent.life = "active";
    agent.wakesByNeed = false;
    this.sleepers.delete(agent);
    agent.idleSinceMs = nowMs;
    agent.sleepDueMs = never;
    this.changed(agent, reason, nowMs);
  }

  /** An agent said that it is busy: it is left alone for a while, and then given less at once. */
  slow(agent: Agent, retryAfterMs: number, nowMs: number): void {
    const { settings, chance } = this.#core;
    agent.refused++;
    // What it refuses while it is left alone it was given before: it says once more what it has said.
    const isNew = !agent.slowed;
    if (isNew) agent.busyInRow++;
    const backMs = isNew ? backoffMs(busyBackoff, Math.min(agent.busyInRow, 30), chance) : 0;
    const pauseMs = Math.max(retryAfterMs, backMs);
    agent.slowed = true;
    agent.slowedDueMs = Math.max(
      agent.slowedDueMs === never ? 0 : agent.slowedDueMs,
      nowMs + Math.min(pauseMs, busyPauseMaxMs),
    );
    if (isNew && settings.adaptiveConcurrency)
      agent.allowed = Math.max(1, Math.min(agent.allowed, agent.used + 1) * busyFactor);
    this.#core.readiness.loaded(agent);
    this.#watch(agent, nowMs);
  }

  /** An agent has answered: what it was not allowed for being busy it gets back, bit by bit. */
  answered(agent: Agent, { outcome }: Result, capability: string, tookMs: number, nowMs: number): void {
    agent.busyInRow = 0;
    agent.busyMs += tookMs;
    if (outcome?.$case === "failed") {
      agent.failed++;
      if (outcome.value.retry !== RetryClass.RETRY_CLASS_NEVER)
        this.#core.holds.failed(agent, capability, nowMs);
    } else {
      agent.completed++;
      agent.breaker.close();
    }
    if (agent.allowed < agent.slots) agent.allowed = Math.min(agent.slots, agent.allowed + 1 / agent.allowed);
  }

  report(agent: Agent, { figures, freeResources }: Heartbeat, nowMs: number): void {
    agent.suspicion.beat(nowMs);
    if (figures !== undefined) agent.figures = figures;
    agent.report(freeResources);
    this.#core.readiness.loosened(agent);
  }

  due(agent: Agent, nowMs: number): void {
    const { settings } = this.#core;
    const { leaseMs } = settings;
    if (agent.cutDueMs <= nowMs) {
      this.leave(
        agent,
        "its link was cut and not resumed in time",
        goodbye("the link was not resumed in time"),
        nowMs,
      );
      return;
    }
    if (!agent.cut && agent.heardMs + leaseMs <= nowMs) {
      this.leave(
        agent,
        `it was not heard for ${leaseMs} ms`,
        goodbye("the agent was silent for too long"),
        nowMs,
      );
      return;
    }
    if (!agent.cut && !agent.silent && agent.heardMs + suspectMs(settings, agent) <= nowMs) {
      agent.silent = true;
      this.changed(agent, `it was not heard for ${Math.round(nowMs - agent.heardMs)} ms`, nowMs);
    }
    if (agent.slowedDueMs <= nowMs) {
      agent.slowed = false;
      agent.slowedDueMs = never;
      this.#core.readiness.loosened(agent);
    }
    this.#core.holds.due(agent, nowMs);
    if (agent.drainDueMs <= nowMs) {
      agent.drainDueMs = never;
      giveAway(this.#core, agent, "the agent drains, and its deadline is over", nowMs);
    }
    if (agent.sleepDueMs <= nowMs) {
      if (agent.link !== undefined) agent.link.outgoing.wake = { reason: "the time to sleep is over" };
      this.wakes(agent, "its time is over", nowMs);
    }
    if (idleDueMs(settings, agent, nowMs) <= nowMs && agent.link !== undefined) {
      const reason = "there is nothing to do";
      agent.link.outgoing.sleep = { reason, forMs: 0 };
      this.sleeps(agent, reason, 0, true, nowMs);
    }
    this.#watch(agent, nowMs);
  }

  restate(agent: Agent, reason: string, nowMs: number): void {
    this.#core.tell(agent, agent.state, reason, nowMs);
  }

  /** Whether it may be given work, and how it stands, may be otherwise than before. */
  changed(agent: Agent, reason: string, nowMs: number): void {
    if (!agent.isAble) for (const task of this.#core.bound.of(agent.agentId)) letOthers(this.#core, task);
    this.#core.readiness.loosened(agent);
    this.#watch(agent, nowMs);
    this.restate(agent, reason, nowMs);
  }

  #refusalOf(hello: Hello, agent: string, known: Agent | undefined): Refusal | undefined {
    const { settings, name } = this.#core;
    const later = known?.identity.incarnation ?? "";
    const { incarnation } = hello;
    if (incarnation < later) return matchingErrors.agentSuperseded.refusal({ agent, incarnation, later });
    if (known === undefined && this.#agents.size >= settings.agentsMax)
      return matchingErrors.agentsFull.refusal({ pool: name, max: settings.agentsMax });
    const problem =
      hello.offering === undefined ? undefined : this.#core.readiness.offeringProblem(hello.offering);
    return problem === undefined ? undefined : matchingErrors.offeringInvalid.refusal({ agent, problem });
  }

  /** It was starting until now. Of one that was launched that is known already. */
  #begin(agent: Agent, nowMs: number): void {
    const { agentId, identity } = agent;
    for (const { launchId } of this.#core.launches?.starting() ?? [])
      if (launchId === identity.launchId) agent.told = AgentState.AGENT_STATE_STARTING;
    if (agent.told === AgentState.AGENT_STATE_UNSPECIFIED)
      this.#core.tell(agent, AgentState.AGENT_STATE_STARTING, "", nowMs);
    assert(agent.told === AgentState.AGENT_STATE_STARTING, "an agent begins by starting", { agentId });
  }

  #reset(agent: Agent, nowMs: number): void {
    agent.credit = 0;
    agent.allowed = agent.slots;
    agent.heardMs = nowMs;
    agent.cut = false;
    agent.silent = false;
    agent.suspicion.pause();
    agent.slowed = false;
    agent.life = "active";
    this.sleepers.delete(agent);
    if (agent.used === 0) agent.idleSinceMs = nowMs;
    agent.busyInRow = 0;
    agent.cutDueMs = never;
    agent.slowedDueMs = never;
    agent.drainDueMs = never;
    agent.sleepDueMs = never;
  }

  #watch(agent: Agent, nowMs: number): void {
    this.#core.wheel.set(agent, nextDueMs(this.#core.settings, agent, nowMs));
  }
}

function goodbye(reason: string): Bye {
  return { reason, returnAfterMs: 0 };
}
