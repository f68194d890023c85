import { type Hello, Hold, type Offering } from "@tutti/contracts/agent/v1";
import {
  type Agent as AgentView,
  type AgentWork,
  type GetPoolUseReply,
  type OfferProfile,
  type PoolLimit,
  type PoolStatus,
  type QueuedTask,
  ReturnReason,
} from "@tutti/contracts/swarm/v1";
import {
  type Capability,
  type ErrorDetail,
  type Explanation,
  type LabelSelector,
  WaitCause,
  type WorkReference,
} from "@tutti/contracts/types/v1";
import { assert, isBefore, isRefusal, isStatus, type Refusal, toTimestamp } from "@tutti/kernel";
import type { Agent, Cohort } from "./agents/agent.ts";
import { numbersOf, type Offered } from "./agents/capabilities.ts";
import { scalerIdOf } from "./agents/launch.ts";
import type { AgentOutlet, Joined } from "./api/agents.ts";
import type { Allotments, AllotmentUses } from "./api/allotments.ts";
import type { HookOutlet, HookReply, PoolHook } from "./api/hooks.ts";
import type {
  Attendance,
  HoldOrder,
  LaunchedAgent,
  Launches,
  LimitRule,
  OfferedCapability,
  Pool,
  PoolOptions,
  PoolSettings,
} from "./api/pool.ts";
import { composePool, type PoolParts } from "./core.ts";
import { matchingErrors } from "./errors.ts";
import { HookCalls, type HookEnds } from "./hooks/hook-calls.ts";
import type { ReservedStarts } from "./limits/room.ts";
import type { PlacedAttempts } from "./placed/attempt-log.ts";
import { defaultSettings, type LiveSettings, resolveSettings } from "./settings.ts";
import type { Outcomes } from "./task/outcomes.ts";
import type { Preemption } from "./task/preemption.ts";
import { enqueue, isWaiting } from "./task/queueing.ts";
import type { SenderOrders } from "./task/sender-orders.ts";
import type { Task } from "./task/task.ts";
import type { Tasks } from "./task/tasks.ts";
import type { Waiting } from "./task/waiting.ts";
import { PoolAgentViews } from "./views/agents.ts";
import { momentOf, StartEstimates } from "./views/expected.ts";
import { Explanations } from "./views/explanation.ts";
import { limitViews } from "./views/limits.ts";
import { explainPlaced } from "./views/placed.ts";
import { statusView } from "./views/status.ts";
import { useView } from "./views/use.ts";
import { WaitReasons } from "./views/waits.ts";
import { finderOf, workOf } from "./views/work.ts";

/** Returns the problem of pool settings, or undefined. */
export function settingsRefusal(settings: Partial<PoolSettings>): Refusal | undefined {
  const resolved = resolveSettings(defaultSettings, settings);
  return isRefusal(resolved) ? resolved : undefined;
}

/** Opens a pool. Throws when its settings are out of bounds. */
export function openPool(options: PoolOptions): Pool {
  const settings = resolveSettings(defaultSettings, options.settings ?? {});
  if (isRefusal(settings)) throw matchingErrors.settingsInvalid({ problem: settings.message });
  return new PoolOwner(composePool(options, settings));
}

export class PoolOwner implements Pool {
  readonly #parts: PoolParts;
  readonly #agentViews: PoolAgentViews;
  readonly #reasons: WaitReasons;
  readonly #estimates: StartEstimates;
  readonly #explanations: Explanations;
  /** Undefined until the first hook is set. */
  #calls: HookCalls | undefined = undefined;
  #unnamed = 0;

  constructor(parts: PoolParts) {
    this.#parts = parts;
    const { settings, times, tasks, running } = parts;
    const estimates = new StartEstimates(settings, times, tasks, running);
    const reasons = new WaitReasons(parts);
    this.#agentViews = new PoolAgentViews(parts);
    this.#estimates = estimates;
    this.#reasons = reasons;
    this.#explanations = new Explanations({ ...parts, reasons, estimates });
  }

  /** Returns the parts of a pool, for the streams of the same library. */
  static partsOf(pool: Pool): PoolParts {
    assert(#parts in pool, "a pool was made by openPool", { pool: pool.name });
    return pool.#parts;
  }

  get namespace(): string {
    return this.#parts.identity.namespace;
  }

  get name(): string {
    return this.#parts.identity.name;
  }

  get epoch(): number {
    return this.#parts.identity.epoch;
  }

  get nextDueMs(): number {
    const { wheel, claims, orphans, starts, settings, waiting, senders } = this.#parts;
    const { ramp } = starts;
    if (this.#calls?.isStirred === true) return 0;
    let dueMs = wheel.nextDueMs;
    if (claims.size > 0) dueMs = Math.min(dueMs, claims.untilMs);
    if (senders.slots.size > 0) dueMs = Math.min(dueMs, claims.queryDueMs, orphans.queryDueMs);
    if (ramp !== undefined && waiting.count > 0 && !settings.isStill) dueMs = Math.min(dueMs, ramp.dueMs);
    return dueMs;
  }

  join(hello: Hello, host: string, outlet: AgentOutlet, nowMs: number): Joined | Refusal {
    const parts = this.#parts;
    const agentId = hello.agentId === "" ? this.#newAgentId() : hello.agentId;
    const isSame = parts.agents.get(agentId)?.identity.incarnation === hello.incarnation;
    const link = parts.roster.join(hello, agentId, host, outlet, nowMs);
    if (isRefusal(link)) return link;
    const { agent } = link;
    parts.refusedAgents.readmit(agentId);
    const unwanted = parts.reconciler.reconcile(agent, hello.running, isSame, nowMs);
    const { hold, holdReason: reason, holdDueMs } = agent;
    const forMs = holdDueMs === Number.POSITIVE_INFINITY ? 0 : holdDueMs - nowMs;
    return {
      link,
      agentId,
      capabilityNumbers: numbersOf(agent.offered),
      unwanted,
      held: hold === Hold.HOLD_NONE ? undefined : { hold, reason, forMs },
    };
  }

  addRefused(agentId: string, offering: Offering, reason: string, nowMs: number): void {
    this.#parts.refusedAgents.add(agentId, offering, reason, nowMs);
  }

  turn(nowMs: number): number {
    const parts = this.#parts;
    parts.wheel.advance(nowMs);
    this.#checkClaims(nowMs);
    this.#calls?.judge(nowMs);
    const assigned = parts.settings.isStill ? 0 : this.#assign(nowMs);
    parts.waker.wakeOnDemand(nowMs);
    parts.readiness.finishTurn(nowMs);
    parts.starts.add(assigned, nowMs);
    parts.limits.requestReservations(nowMs);
    this.#calls?.flush();
    parts.outbox.flush();
    parts.offerStore.tidy(parts.tasks);
    parts.waitWatch.check(nowMs);
    return assigned;
  }

  #assign(nowMs: number): number {
    const parts = this.#parts;
    const { name, text = name } = parts.settings.current.strategy;
    parts.attempts.choosesBy(text, nowMs);
    const room = parts.starts.roomAt(nowMs);
    const together = room < 1 ? 0 : parts.gangs.run(nowMs);
    const assigned = together + parts.matcher.match(nowMs, room - together);
    parts.starts.takeFromRamp(assigned, nowMs);
    parts.preemption.run(nowMs);
    return assigned + parts.doubling.run(nowMs);
  }

  configure(changes: Partial<PoolSettings>): Refusal | undefined {
    const parts = this.#parts;
    const settings = resolveSettings(parts.settings.current, changes);
    if (isRefusal(settings)) return settings;
    const before = parts.settings.current;
    parts.settings.current = settings;
    if (before.strategy !== settings.strategy) parts.readiness.rankAll();
    if (before.ageingMs !== settings.ageingMs || before.dueLeadMs !== settings.dueLeadMs)
      parts.order.rerank(parts.tasks.values());
    if (before.slowStart?.untilMs !== settings.slowStart?.untilMs)
      parts.starts.startSlowly(settings.slowStart);
    if (before.window !== settings.window)
      for (const { stream, pool } of parts.senders.slots) stream.reportWindow(pool);
    return undefined;
  }

  setHooks(hooks: readonly PoolHook[], outlet: HookOutlet): void {
    const parts = this.#parts;
    // After the first hooks, tasks may wait for them.
    if (hooks.length > 0) this.#calls ??= new HookCalls(parts.tasks, hookEnds(parts), outlet);
    parts.hooks.current = this.#calls;
    this.#calls?.set(hooks);
  }

  answerHooks(replies: readonly HookReply[], nowMs: number): void {
    this.#calls?.applyReplies(replies, nowMs);
  }

  setLimit(rule: LimitRule, nowMs: number): Refusal | undefined {
    return this.#parts.limits.set(rule, nowMs);
  }

  removeLimit(key: string, nowMs: number): Refusal | undefined {
    return this.#parts.limits.remove(key, nowMs);
  }

  confirmReserved(starts: readonly ReservedStarts[], nowMs: number): void {
    this.#parts.limits.reserved(starts, nowMs);
  }

  limits(): PoolLimit[] {
    return limitViews(this.#parts.tasks, this.#parts.limits);
  }

  allot(namespace: string, allotments: Allotments, nowMs: number): void {
    this.#parts.allotter.set(namespace, allotments, nowMs);
  }

  allotted(namespace: string): AllotmentUses {
    return this.#parts.allotments.uses(namespace);
  }

  get namespaces(): ReadonlySet<string> {
    return this.#parts.profiles.namespaces;
  }

  hold(agentId: string, order: HoldOrder, nowMs: number): Refusal | undefined {
    this.#parts.holds.hold(agentId, order, nowMs);
    return undefined;
  }

  release(agentId: string, reason: string, nowMs: number): Refusal | undefined {
    return this.#parts.holds.release(agentId, reason, nowMs) ? undefined : this.#unknown(agentId);
  }

  drain(agentId: string, reason: string, deadlineMs: number, nowMs: number): Refusal | undefined {
    return this.#steer(agentId, (agent) => {
      if (agent.link !== undefined) agent.link.outgoing.drain = { reason, deadlineMs };
      this.#parts.states.drains(agent, reason, deadlineMs, nowMs);
    });
  }

  sleep(
    agentId: string,
    reason: string,
    forMs: number,
    nowMs: number,
    isByPlan = false,
  ): Refusal | undefined {
    return this.#steer(agentId, (agent) => {
      if (agent.link !== undefined) agent.link.outgoing.sleep = { reason, forMs };
      this.#parts.states.markAsleep(agent, reason, forMs, !isByPlan, nowMs);
    });
  }

  wake(agentId: string, reason: string, nowMs: number): Refusal | undefined {
    return this.#steer(agentId, (agent) => {
      if (agent.link !== undefined) agent.link.outgoing.wake = { reason };
      this.#parts.states.markAwake(agent, reason, nowMs);
    });
  }

  remove(agentId: string, reason: string, returnAfterMs: number, nowMs: number): Refusal | undefined {
    return this.#steer(agentId, (agent) =>
      this.#parts.roster.removeAgent(agent, reason, { reason, returnAfterMs }, nowMs),
    );
  }

  attendance(): Attendance[] {
    return [...this.#parts.agents.values()].map((agent) => ({
      agentId: agent.agentId,
      incarnation: agent.identity.incarnation,
      isPolled: agent.link?.isPolled === true,
      tokens: [...this.#parts.running.tasksOf(agent)]
        .filter(({ stage }) => stage === "working")
        .map(({ offer }) => offer.token),
    }));
  }

  launchedBy(launches: Launches): void {
    this.#parts.launchers.current = launches;
  }

  reportLaunch(agentId: string, isStarting: boolean, reason: string, nowMs: number): void {
    this.#parts.events.reportLaunch(agentId, isStarting, reason, nowMs);
  }

  launchedFor(scalerId: string): LaunchedAgent[] {
    const launched: LaunchedAgent[] = [];
    for (const agent of this.#parts.agents.values()) {
      const { identity, agentId, state, wakesOnDemand, used: attempts } = agent;
      if (scalerIdOf(identity.launchId) === scalerId)
        launched.push({ agentId, state, wakesOnDemand, attempts });
    }
    return launched;
  }

  use(agents?: LabelSelector): GetPoolUseReply {
    return useView(this.#parts, agents);
  }

  status(nowMs: number): PoolStatus {
    return statusView(this.#parts, nowMs);
  }

  agent(agentId: string, nowMs: number): AgentView | undefined {
    const agent = this.#parts.agents.get(agentId);
    if (agent !== undefined) return this.#agentViews.view(agent, nowMs);
    return this.#agentViews.absent().find((absent) => absent.agentId === agentId);
  }

  agents(nowMs: number): AgentView[] {
    const there = [...this.#parts.agents.values()].map((agent) => this.#agentViews.view(agent, nowMs));
    const all = [...there, ...this.#agentViews.absent()];
    return all.sort((one, other) => (one.agentId < other.agentId ? -1 : 1));
  }

  work(agentId: string): AgentWork[] {
    const agent = this.#parts.agents.get(agentId);
    return agent === undefined ? [] : this.#agentViews.work(agent);
  }

  queued(count: number, nowMs: number): QueuedTask[] {
    return queuedViews({ ...this.#parts, reasons: this.#reasons, estimates: this.#estimates }, count, nowMs);
  }

  offered(): OfferedCapability[] {
    return offeredView(this.#parts.demands.cohorts, this.#parts.pauses.agents);
  }

  explain(token: Uint8Array, nowMs: number): Explanation | undefined {
    const task = this.#parts.tasks.get(token);
    return task && this.#explanations.explainTask(task, nowMs);
  }

  explainWork(work: WorkReference, nowMs: number): Explanation | undefined {
    const isMatch = finderOf(work);
    for (const task of this.#parts.tasks.values())
      if (isMatch(task)) return this.#explanations.explainTask(task, nowMs);
    const { placements, settings, waiting } = this.#parts;
    return (
      this.#explanations.explainDenied(work) ??
      explainPlaced(placements, settings.current.strategy, work, nowMs) ??
      this.#explanations.explainFullQueue(work, waiting.count)
    );
  }

  placementsUnknownBeforeMs(nowMs: number): number {
    return this.#parts.placements.forgottenUntilMs(nowMs);
  }

  placedAttempts(after: number, most: number, nowMs: number): PlacedAttempts {
    return this.#parts.attempts.after(after, most, nowMs);
  }

  explainProfile(profile: OfferProfile, nowMs: number): Explanation | Refusal {
    return this.#explanations.explainProfile(profile, nowMs);
  }

  /**
   * Asks senders about attempts that none of them has offered. While some of the running work is unknown, no
   * limited task starts, for a limited time.
   */
  #checkClaims(nowMs: number): void {
    const { claims, orphans, limits, senders } = this.#parts;
    if (claims.size > 0 && nowMs >= claims.untilMs)
      claims.dropAll("no sender has offered it since the pool moved here");
    if (senders.slots.size > 0) {
      const claimed = claims.dueForQuery(nowMs).map(({ token, agent: { agentId } }) => ({ token, agentId }));
      const orphaned = orphans
        .dueForQuery(nowMs)
        .map(({ offer: { token }, agent }) => ({ token, agentId: agent?.agentId ?? "" }));
      const unclaimed = [...claimed, ...orphaned];
      if (unclaimed.length > 0)
        for (const { stream, pool } of senders.slots) stream.unclaimed(pool, unclaimed);
    }
    if (claims.atWork > 0) limits.freeze();
    else limits.unfreeze(nowMs);
  }

  #newAgentId(): string {
    const bytes = this.#parts.chance.fill(new Uint8Array(8));
    const unique = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return `agent-${++this.#unnamed}-${unique}`;
  }

  #steer(agentId: string, act: (agent: Agent) => void): Refusal | undefined {
    const agent = this.#parts.agents.get(agentId);
    if (agent === undefined) return this.#unknown(agentId);
    act(agent);
    return undefined;
  }

  #unknown(agent: string): Refusal {
    return matchingErrors.agentUnknown.refusal({ agent, pool: this.#parts.identity.name });
  }
}

/** The parts that the ends of hooks act on. */
interface HookEndsParts {
  readonly tasks: Tasks;
  readonly waiting: Waiting;
  readonly preemption: Preemption;
  readonly outcomes: Outcomes;
  readonly orders: SenderOrders;
}

/** Returns the actions on tasks that follow the verdicts of hooks. */
function hookEnds({ tasks, waiting, preemption, outcomes, orders }: HookEndsParts): HookEnds {
  return {
    admit(task) {
      if (task.stage !== "hooked") return;
      enqueue(task);
      preemption.add(task);
      tasks.schedule(task);
    },
    deny(task, error, nowMs) {
      waiting.returnToSender(task, ReturnReason.RETURN_REASON_DENIED, refusalOf(error), 0, nowMs);
    },
    count: (task, agentId, nowMs) => outcomes.deliver(task, agentId, nowMs),
    reprioritize: (task, priority) => void orders.prioritize({ token: task.offer.token, priority }),
  };
}

function refusalOf({ code, message, status, retryAfterMs, violations, details }: ErrorDetail): Refusal {
  return {
    refused: true,
    code,
    message,
    status: isStatus(status) ? status : "PERMISSION_DENIED",
    retry: "never",
    retryAfterMs,
    violations,
    details,
  };
}

/**
 * Returns the capabilities of all agents of a pool, with those that agents have paused. The cost depends on the number
 * of cohorts, not on the number of agents.
 */
function offeredView(cohorts: Iterable<Cohort>, paused: Iterable<Agent>): OfferedCapability[] {
  const found = new Map<string, { readonly capability: Capability; agents: number }>();
  const add = (agent: Agent, offered: readonly Offered[], agents: number) => {
    const described = new Map(
      agent.offering.capabilities.map((each) => [`${each.name}@${each.version}`, each]),
    );
    for (const { name, version } of offered) {
      const key = `${name}@${version}`;
      const known = found.get(key);
      const capability = described.get(key);
      if (known !== undefined) known.agents += agents;
      else if (capability !== undefined) found.set(key, { capability, agents });
    }
  };
  for (const { agents, offered } of cohorts) {
    const [agent] = agents;
    if (agent !== undefined) add(agent, offered, agents.size);
  }
  for (const agent of paused) {
    const accepted = new Set(agent.accepted);
    add(
      agent,
      agent.offered.filter((each) => !accepted.has(each)),
      1,
    );
  }
  return [...found.values()];
}

/** The parts that the view of the queue reads. */
interface QueueParts {
  readonly tasks: Tasks;
  readonly settings: LiveSettings;
  readonly reasons: WaitReasons;
  readonly estimates: StartEstimates;
}

/**
 * Returns waiting tasks by rank: the order within each namespace. How namespaces take turns depends on which
 * agents become free. Reads all of them: for people.
 */
function queuedViews(parts: QueueParts, count: number, nowMs: number): QueuedTask[] {
  const waiting = [...parts.tasks.values()].filter(isWaiting);
  waiting.sort((one, other) => (isBefore(one, other) ? -1 : 1));
  return waiting.slice(0, count).map((task, at) => queuedView(parts, task, at + 1, nowMs));
}

function queuedView(parts: QueueParts, task: Task, place: number, nowMs: number): QueuedTask {
  const { readyMs, priority, demand, attempt } = task;
  const waitedMs = nowMs - readyMs;
  const [reason] = [
    (task.stage === "hooked" || task.stage === "ganged" ? undefined : parts.reasons.missing(task, nowMs)) ??
      parts.reasons.of(task, nowMs)[0],
  ];
  return {
    work: workOf(task),
    capability: demand.requirements.capability,
    versionRange: demand.requirements.range,
    place,
    priority,
    effectivePriority: priority + waitedMs / parts.settings.current.ageingMs,
    queueTime: toTimestamp(readyMs),
    waitedMs,
    attempt,
    cause: reason?.cause ?? WaitCause.WAIT_CAUSE_UNSPECIFIED,
    expectedStartTime: momentOf(parts.estimates.startMs(task, nowMs)),
  };
}
