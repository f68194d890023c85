/**
 * The agents of a pool: who is there, who may be given work, and what becomes of the work of those who go.
 *
 * 1. An agent id has one agent, an agent at most one open link. A later incarnation takes the place of an earlier one, a
 *    later link that of an earlier one.
 * 2. An agent is given work only while it is heard, linked, neither held nor draining nor asleep, and has room.
 * 3. What an agent had when it went has failed as lost. Nobody waits for one that is gone.
 */
import {
  AgentState,
  type Bye,
  type Heartbeat,
  type Hello,
  Hold,
  Offering,
  type Result,
} from "@tutti/contracts/agent/v1";
import { RetryClass } from "@tutti/contracts/types/v1";
import { assert, backoffMs, type Refusal } from "@tutti/kernel";
import type { AgentOutlet } from "../api/agents.ts";
import type { HoldOrder } from "../api/pool.ts";
import type { AgentBook, PoolCore } from "../books.ts";
import { busyBackoff, busyFactor, busyPauseMaxMs, heldAgentsMax } from "../bounds.ts";
import { matchingErrors } from "../errors.ts";
import type { Agent, AgentIdentity, Task } from "../parts.ts";
import { endCopy, leaveToCopy } from "../task/copies.ts";
import { giveUp } from "../task/giving-way.ts";
import { fail } from "../task/outcomes.ts";
import { detach, letGoOf } from "../task/releasing.ts";
import { letOthers } from "../task/waiting.ts";
import type { AgentWatch } from "./agent.ts";
import { JoinedAgent } from "./agent.ts";
import { CapabilityNumbers, numbersOf } from "./capabilities.ts";
import { Contexts } from "./contexts.ts";
import { Flapping } from "./flapping.ts";
import { OpenLink } from "./link.ts";
import { BusyNews } from "./news.ts";

const never = Number.POSITIVE_INFINITY;
/** An agent that is heard more often than it has to be may fall back to little more than what was agreed. */
const unhurried = 1.2;
const { HOLD_NONE, HOLD_QUARANTINED, HOLD_FLAPPING, HOLD_FAILING } = Hold;
const { AGENT_STATE_READY, AGENT_STATE_BUSY } = AgentState;

export class Roster implements AgentBook, AgentWatch {
  readonly #core: PoolCore;
  readonly #agents = new Map<string, Agent>();
  /** Agents that are held, also while they are away. */
  readonly #holds = new Map<string, { readonly order: HoldOrder; readonly dueMs: number }>();
  readonly #capabilities = new CapabilityNumbers();
  readonly #contexts = new Contexts();
  readonly #flapping = new Flapping();
  readonly #busyNews: BusyNews;
  /** Those that sleep until they are needed. */
  readonly sleepers = new Set<Agent>();

  constructor(core: PoolCore) {
    this.#core = core;
    this.#busyNews = new BusyNews(core);
    core.demands.onLabels = () => {
      for (const agent of this.#agents.values()) this.#settleIn(agent);
    };
  }

  get agents(): ReadonlyMap<string, Agent> {
    return this.#agents;
  }

  get(agentId: string): Agent | undefined {
    return this.#agents.get(agentId);
  }

  /** Takes an agent in, or its next incarnation or link; what it says it has is the caller's to look at. */
  join(hello: Hello, agentId: string, host: string, outlet: AgentOutlet, nowMs: number): OpenLink | Refusal {
    const known = this.#agents.get(agentId);
    const refusal = this.#refusalOf(hello, agentId, known) ?? this.#flappingOf(agentId, nowMs);
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
    this.#offer(agent, offering);
    this.#applyHold(agent, nowMs);
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
    this.#contexts.remove(agent);
    this.sleepers.delete(agent);
    agent.cut = true;
    this.#moveOut(agent);
    this.#core.claims.drop(agent);
    this.giveAway(agent, reason === "" ? "the agent is gone" : reason, nowMs);
    this.#core.tell(agent, AgentState.AGENT_STATE_GONE, reason, nowMs);
  }

  /** Whatever an agent has goes to others. */
  giveAway(agent: Agent, reason: string, nowMs: number): void {
    for (const task of this.#core.bound.of(agent.agentId)) letOthers(this.#core, task);
    for (const task of agent.tasks()) this.lose(task, reason, nowMs);
  }

  /** An agent has lost one of its attempts. */
  lose(task: Task, reason: string, nowMs: number): void {
    const { agent } = task;
    if (agent === undefined) return;
    if (task.stage !== "working") {
      letGoOf(this.#core, task, nowMs);
      return;
    }
    agent.link?.outgoing.cancels.push({ token: task.offer.token, reason, graceMs: 0 });
    const { capability } = task.demand.wish;
    const parameters = { capability, agent: agent.agentId, reason };
    const refusal = matchingErrors.lost.refusal(parameters, { details: { agent: agent.agentId } });
    const original = task.twin?.original;
    if (original !== undefined) {
      endCopy(this.#core, task, nowMs);
      if (original.agent === undefined) fail(this.#core, original, refusal, nowMs);
      return;
    }
    if (leaveToCopy(this.#core, task, nowMs)) return;
    if (task.yields) {
      giveUp(this.#core, task, nowMs);
      return;
    }
    detach(this.#core, task, true, nowMs);
    fail(this.#core, task, refusal, nowMs);
  }

  heard(agent: Agent, nowMs: number): void {
    agent.heardMs = nowMs;
    if (!agent.silent) return;
    agent.silent = false;
    this.#changed(agent, "it was heard again", nowMs);
  }

  cut(agent: Agent, nowMs: number): void {
    agent.cut = true;
    agent.suspicion.pause();
    agent.cutDueMs = nowMs + this.#core.settings.resumeWindowMs;
    this.#changed(agent, "its link was cut", nowMs);
  }

  resume(agent: Agent, nowMs: number): void {
    agent.cut = false;
    agent.cutDueMs = never;
    agent.silent = false;
    agent.heardMs = nowMs;
    this.#changed(agent, "its link goes on", nowMs);
  }

  drains(agent: Agent, reason: string, deadlineMs: number, nowMs: number): void {
    agent.life = "draining";
    this.sleepers.delete(agent);
    agent.credit = 0;
    agent.drainDueMs = deadlineMs > 0 ? nowMs + deadlineMs : never;
    this.#changed(agent, reason, nowMs);
  }

  sleeps(agent: Agent, reason: string, forMs: number, wakesByNeed: boolean, nowMs: number): void {
    agent.life = "asleep";
    agent.wakesByNeed = wakesByNeed;
    if (wakesByNeed) this.sleepers.add(agent);
    else this.sleepers.delete(agent);
    agent.credit = 0;
    agent.sleepDueMs = forMs > 0 ? nowMs + forMs : never;
    this.#changed(agent, reason, nowMs);
  }

  wakes(agent: Agent, reason: string, nowMs: number): void {
    if (agent.life !== "asleep") return;
    agent.life = "active";
    agent.wakesByNeed = false;
    this.sleepers.delete(agent);
    agent.idleSinceMs = nowMs;
    agent.sleepDueMs = never;
    this.#changed(agent, reason, nowMs);
  }

  hold(agentId: string, order: HoldOrder, nowMs: number): void {
    const dueMs = order.forMs > 0 ? nowMs + order.forMs : never;
    const oldest = this.#holds.size >= heldAgentsMax ? this.#holds.keys().next().value : undefined;
    if (oldest !== undefined) this.#holds.delete(oldest);
    this.#holds.set(agentId, { order, dueMs });
    const agent = this.#agents.get(agentId);
    if (agent === undefined) {
      this.#core.tellAbsent(agentId, order.hold, order.reason, nowMs);
      return;
    }
    this.#applyHold(agent, nowMs);
    if (agent.link !== undefined) agent.link.outgoing.held = { ...order };
    this.#changed(agent, order.reason, nowMs);
    if (order.hold === HOLD_QUARANTINED) this.giveAway(agent, "the agent was quarantined", nowMs);
  }

  /** Those that are held until a person releases them, and are not there. */
  *heldAbsent(): Generator<{ readonly agentId: string; readonly order: HoldOrder }> {
    for (const [agentId, { order }] of this.#holds)
      if (order.hold === HOLD_QUARANTINED && !this.#agents.has(agentId)) yield { agentId, order };
  }

  /** At the end of a turn. */
  settle(nowMs: number): void {
    this.#busyNews.settle(nowMs);
  }

  /** Whether there was something to release. */
  release(agentId: string, reason: string, nowMs: number): boolean {
    this.#core.launches?.released(agentId);
    const isAway = this.#flapping.forgive(agentId);
    const isHeld = this.#holds.delete(agentId) || isAway;
    const agent = this.#agents.get(agentId);
    if (agent === undefined) {
      if (isHeld) this.#core.tellAbsent(agentId, HOLD_NONE, reason, nowMs);
      return isHeld;
    }
    agent.breaker.close();
    if (agent.hold !== HOLD_NONE) this.#free(agent, reason, nowMs);
    return true;
  }

  /** An agent said that it is busy: it is left alone for a while, and then given less at once. */
  slow(agent: Agent, retryAfterMs: number, nowMs: number): void {
    const { settings, chance } = this.#core;
    agent.refused++;
    agent.busyInRow++;
    const pauseMs = Math.max(retryAfterMs, backoffMs(busyBackoff, Math.min(agent.busyInRow, 30), chance));
    agent.slowed = true;
    agent.slowedDueMs = Math.max(
      agent.slowedDueMs === never ? 0 : agent.slowedDueMs,
      nowMs + Math.min(pauseMs, busyPauseMaxMs),
    );
    if (settings.adaptiveConcurrency)
      agent.allowed = Math.max(1, Math.min(agent.allowed, agent.used + 1) * busyFactor);
    this.loaded(agent);
    this.#watch(agent, nowMs);
  }

  /** An agent has answered: what it was not allowed for being busy it gets back, bit by bit. */
  answered(agent: Agent, { outcome }: Result, capability: string, tookMs: number, nowMs: number): void {
    agent.busyInRow = 0;
    agent.busyMs += tookMs;
    if (outcome?.$case === "failed") {
      agent.failed++;
      if (outcome.value.retry !== RetryClass.RETRY_CLASS_NEVER) this.failed(agent, capability, nowMs);
    } else {
      agent.completed++;
      agent.breaker.close();
    }
    if (agent.allowed < agent.slots) agent.allowed = Math.min(agent.slots, agent.allowed + 1 / agent.allowed);
  }

  /** An attempt failed at an agent, by its answer or because its time was over. */
  failed(agent: Agent, capability: string, nowMs: number): void {
    const { breaker } = agent;
    if (!breaker.fails(this.#core.settings.breakAfterFailures) || agent.hold !== HOLD_NONE) return;
    if (!this.#mayBreak(capability)) {
      // Nobody does better: it is no worse than others.
      if (breaker.isOnTrial) breaker.close();
      return;
    }
    const { failures } = breaker;
    const reason = `its breaker is open: ${failures} attempts at ${capability} or others failed in a row`;
    this.hold(agent.agentId, { hold: HOLD_FAILING, reason, forMs: breaker.open() }, nowMs);
  }

  report(agent: Agent, { figures, freeResources }: Heartbeat, nowMs: number): void {
    agent.suspicion.beat(nowMs);
    if (figures !== undefined) agent.figures = figures;
    agent.report(freeResources);
    this.loosened(agent);
  }

  offeringProblem(offering: Offering): string | undefined {
    return this.#capabilities.problemOf(offering);
  }

  /** An agent offers something else than before. */
  reoffer(agent: Agent, offering: Offering): void {
    const before = new Set(agent.offered);
    this.#offer(agent, offering);
    const added = agent.offered.filter((one) => !before.has(one));
    if (added.length > 0 && agent.link !== undefined)
      agent.link.outgoing.capabilityNumbers = { numbers: numbersOf(added) };
  }

  /** An agent with room that says it has the context; undefined when none can do the task. */
  holderOf(contextKey: string, { demand }: Task): Agent | undefined {
    return this.#contexts.find(contextKey, (agent) =>
      demand.sites.some(({ cohort }) => cohort === agent.cohort),
    );
  }

  /** An agent has more to do than before, or less credit. */
  loaded(agent: Agent): void {
    const { cohort, told } = agent;
    if (agent.used >= agent.slots ? told === AGENT_STATE_READY : told === AGENT_STATE_BUSY)
      this.#busyNews.note(agent);
    if (cohort === undefined) return;
    const { ready } = cohort;
    if (agent.hasRoom) {
      agent.rank = this.#core.settings.strategy.rank(agent);
      agent.order = agent.lastAssigned;
      if (agent.place >= 0) ready.move(agent);
      else {
        ready.add(agent);
        if (ready.size === 1) cohort.changed();
      }
    } else if (agent.place >= 0) {
      ready.remove(agent);
      if (ready.size === 0) cohort.changed();
    }
  }

  /** An agent may have more room than before. */
  loosened(agent: Agent): void {
    this.loaded(agent);
    if (agent.place >= 0) agent.cohort?.loosened(agent);
  }

  /** Something else than before decides who is first. */
  rankAnew(): void {
    for (const agent of this.#agents.values()) this.loaded(agent);
  }

  due(agent: Agent, nowMs: number): void {
    const { leaseMs } = this.#core.settings;
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
    if (!agent.cut && !agent.silent && agent.heardMs + this.#suspectMs(agent) <= nowMs) {
      agent.silent = true;
      this.#changed(agent, `it was not heard for ${Math.round(nowMs - agent.heardMs)} ms`, nowMs);
    }
    if (agent.slowedDueMs <= nowMs) {
      agent.slowed = false;
      agent.slowedDueMs = never;
      this.loosened(agent);
    }
    if (agent.holdDueMs <= nowMs && agent.hold === HOLD_FAILING) this.#tryAgain(agent, nowMs);
    if (agent.holdDueMs <= nowMs) this.release(agent.agentId, "its time is over", nowMs);
    if (agent.drainDueMs <= nowMs) {
      agent.drainDueMs = never;
      this.giveAway(agent, "the agent drains, and its deadline is over", nowMs);
    }
    if (agent.sleepDueMs <= nowMs) {
      if (agent.link !== undefined) agent.link.outgoing.wake = { reason: "the time to sleep is over" };
      this.wakes(agent, "its time is over", nowMs);
    }
    if (this.#idleDueMs(agent, nowMs) <= nowMs && agent.link !== undefined) {
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
  #changed(agent: Agent, reason: string, nowMs: number): void {
    if (!agent.isAble) for (const task of this.#core.bound.of(agent.agentId)) letOthers(this.#core, task);
    this.loosened(agent);
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
    const problem = hello.offering === undefined ? undefined : this.offeringProblem(hello.offering);
    return problem === undefined ? undefined : matchingErrors.offeringInvalid.refusal({ agent, problem });
  }

  /** It was starting until now; of one that was launched that is known already. */
  #begin(agent: Agent, nowMs: number): void {
    const { agentId, identity } = agent;
    for (const { launchId } of this.#core.launches?.starting() ?? [])
      if (launchId === identity.launchId) agent.told = AgentState.AGENT_STATE_STARTING;
    if (agent.told === AgentState.AGENT_STATE_UNSPECIFIED)
      this.#core.tell(agent, AgentState.AGENT_STATE_STARTING, "", nowMs);
    assert(agent.told === AgentState.AGENT_STATE_STARTING, "an agent begins by starting", { agentId });
  }

  /** Whether another of those that offer the same may be held back for failing: half of them at most. */
  #mayBreak(capability: string): boolean {
    let agents = 0;
    let failing = 0;
    for (const cohort of this.#core.demands.fieldOf(capability)?.cohorts ?? [])
      for (const { hold } of cohort.agents) {
        agents++;
        if (hold === HOLD_FAILING) failing++;
      }
    return 2 * (failing + 1) <= agents;
  }

  /** One that comes and goes too quickly stays away for a while, each time longer. */
  #flappingOf(agent: string, nowMs: number): Refusal | undefined {
    const wasAway = this.#flapping.isAway(agent, nowMs);
    const awayMs = Math.ceil(this.#flapping.comes(agent, nowMs));
    if (awayMs === 0) return undefined;
    const refusal = matchingErrors.agentFlapping.refusal({ agent, awayMs }, { retryAfterMs: awayMs });
    if (!wasAway) this.#core.tellAbsent(agent, HOLD_FLAPPING, refusal.message, nowMs);
    return refusal;
  }

  /** When it has had nothing to do for so long that it is put to sleep; infinite where that is not done. */
  #idleDueMs(agent: Agent, nowMs: number): number {
    const { sleepAfterMs } = this.#core.settings;
    if (sleepAfterMs === 0 || agent.life !== "active" || agent.link?.isPolled !== false) return never;
    // While it works nobody looks; it cannot have been idle for long enough before that much time has passed.
    return (agent.used > 0 ? nowMs : agent.idleSinceMs) + sleepAfterMs;
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

  #applyHold(agent: Agent, nowMs: number): void {
    const held = this.#holds.get(agent.agentId);
    if (held === undefined) return;
    if (held.dueMs <= nowMs) {
      this.#holds.delete(agent.agentId);
      this.#letGo(agent);
      return;
    }
    agent.hold = held.order.hold;
    agent.holdReason = held.order.reason;
    agent.holdDueMs = held.dueMs;
  }

  /** The pause of its breaker is over: with one attempt, and longer if that fails. */
  #tryAgain(agent: Agent, nowMs: number): void {
    this.#holds.delete(agent.agentId);
    agent.breaker.tryAgain();
    this.#free(agent, "it is tried again with one attempt", nowMs);
  }

  #free(agent: Agent, reason: string, nowMs: number): void {
    this.#letGo(agent);
    if (agent.link !== undefined) agent.link.outgoing.released = { reason };
    this.#changed(agent, reason, nowMs);
  }

  #letGo(agent: Agent): void {
    agent.hold = HOLD_NONE;
    agent.holdReason = "";
    agent.holdDueMs = never;
  }

  #offer(agent: Agent, offering: Offering): void {
    this.#contexts.remove(agent);
    agent.offer(offering, this.#capabilities.of(offering));
    this.#contexts.add(agent);
    this.#settleIn(agent);
  }

  /** Into the cohort where it belongs. */
  #settleIn(agent: Agent): void {
    const cohort = this.#core.demands.cohortOf(agent.offered, agent.offering.labels);
    if (cohort !== agent.cohort) {
      this.#moveOut(agent);
      agent.cohort = cohort;
      cohort.admit(agent);
    }
    this.loosened(agent);
  }

  #moveOut(agent: Agent): void {
    const { cohort } = agent;
    if (cohort === undefined) return;
    if (agent.place >= 0) {
      cohort.ready.remove(agent);
      cohort.changed();
    }
    cohort.dismiss(agent);
    agent.cohort = undefined;
    if (cohort.agents.size === 0) this.#core.demands.forgetCohort(cohort);
  }

  /** After which silence an agent is suspect: by its own rhythm, and at the latest after the time that is set. */
  #suspectMs({ suspicion }: Agent): number {
    const { suspectMs, suspicionThreshold, heartbeatMs } = this.#core.settings;
    const learnedMs = suspicion.silenceMs(suspicionThreshold) ?? suspectMs;
    return Math.min(suspectMs, Math.max(learnedMs, heartbeatMs * unhurried));
  }

  #watch(agent: Agent, nowMs: number): void {
    const { leaseMs } = this.#core.settings;
    const allowedMs = agent.silent ? leaseMs : Math.min(leaseMs, this.#suspectMs(agent));
    const silenceMs = agent.cut ? never : agent.heardMs + allowedMs;
    const { cutDueMs, slowedDueMs, holdDueMs, drainDueMs, sleepDueMs } = agent;
    const idleDueMs = this.#idleDueMs(agent, nowMs);
    const dueMs = Math.min(silenceMs, cutDueMs, slowedDueMs, holdDueMs, drainDueMs, sleepDueMs, idleDueMs);
    this.#core.wheel.set(agent, dueMs);
  }
}

function goodbye(reason: string): Bye {
  return { reason, returnAfterMs: 0 };
}
