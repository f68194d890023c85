import { type Hello, Hold, type Offering } from "@tutti/contracts/agent/v1";
import type {
  Agent as AgentView,
  AgentWork,
  GetPoolUseReply,
  OfferProfile,
  PoolLimit,
  PoolStatus,
  QueuedTask,
} from "@tutti/contracts/swarm/v1";
import type { Explanation, LabelSelector, WorkReference } from "@tutti/contracts/types/v1";
import { assert, isRefusal, type Refusal } from "@tutti/kernel";
import { numbersOf } from "./agents/capabilities.ts";
import { scalerIdOf } from "./agents/launch.ts";
import { reconcile } from "./agents/reconcile.ts";
import { wakeByNeed } from "./agents/waking.ts";
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
import { Core } from "./core.ts";
import { matchingErrors } from "./errors.ts";
import { hookEnds } from "./hooks/ends.ts";
import { HookCalls } from "./hooks/hook-calls.ts";
import { PoolAllotments } from "./limits/allotments.ts";
import { Ramp } from "./match/ramp.ts";
import type { Agent } from "./parts.ts";
import { defaultSettings, isStill, resolveSettings } from "./settings.ts";
import { doubleStragglers } from "./task/doubling.ts";
import { makeWay } from "./task/giving-way.ts";
import { rankAnew } from "./task/waiting.ts";
import { absentViews, agentView, workView } from "./views/agents.ts";
import { explainDenied, explainProfile, explainTask } from "./views/explanation.ts";
import { limitViews } from "./views/limits.ts";
import { offeredView } from "./views/offered.ts";
import { explainPlaced } from "./views/placed.ts";
import { queuedViews } from "./views/queue.ts";
import { statusView } from "./views/status.ts";
import { useView } from "./views/use.ts";
import { finderOf } from "./views/work.ts";

/** What is wrong with how a pool is to work. Undefined when nothing is. */
export function settingsRefusal(settings: Partial<PoolSettings>): Refusal | undefined {
  const resolved = resolveSettings(defaultSettings, settings);
  return isRefusal(resolved) ? resolved : undefined;
}

/** Opens a pool. Throws when its settings are out of bounds. */
export function openPool(options: PoolOptions): Pool {
  const settings = resolveSettings(defaultSettings, options.settings ?? {});
  if (isRefusal(settings)) throw matchingErrors.settingsInvalid({ problem: settings.message });
  return new PoolOwner(new Core(options, settings));
}

export class PoolOwner implements Pool {
  readonly #core: Core;
  #unnamed = 0;

  constructor(core: Core) {
    this.#core = core;
  }

  /** What is behind a pool, for the streams that belong to the same library. */
  static coreOf(pool: Pool): Core {
    assert(#core in pool, "a pool was made by openPool", { pool: pool.name });
    return pool.#core;
  }

  get namespace(): string {
    return this.#core.namespace;
  }

  get name(): string {
    return this.#core.name;
  }

  get epoch(): number {
    return this.#core.epoch;
  }

  get nextDueMs(): number {
    const { wheel, claims, claimUntilMs, ramp, settings, queued, hooks, senderSlots } = this.#core;
    if (hooks?.isStirred === true) return 0;
    let dueMs = wheel.nextDueMs;
    if (claims.size > 0)
      dueMs = Math.min(dueMs, claimUntilMs, senderSlots.size > 0 ? claims.askDueMs : dueMs);
    if (ramp !== undefined && queued > 0 && !isStill(settings)) dueMs = Math.min(dueMs, ramp.dueMs);
    return dueMs;
  }

  join(hello: Hello, host: string, outlet: AgentOutlet, nowMs: number): Joined | Refusal {
    const core = this.#core;
    const agentId = hello.agentId === "" ? this.#newAgentId() : hello.agentId;
    const isSame = core.roster.get(agentId)?.identity.incarnation === hello.incarnation;
    const link = core.roster.join(hello, agentId, host, outlet, nowMs);
    if (isRefusal(link)) return link;
    const { agent } = link;
    core.turnedAway.letIn(agentId);
    const unwanted = reconcile(core, agent, hello.running, isSame, nowMs);
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

  turnAway(agentId: string, offering: Offering, why: string, nowMs: number): void {
    this.#core.turnedAway.note(agentId, offering, why, nowMs);
  }

  turn(nowMs: number): number {
    const core = this.#core;
    core.wheel.advance(nowMs);
    this.#lookAtClaims(nowMs);
    core.hooks?.judge(nowMs);
    const assigned = isStill(core.settings) ? 0 : this.#assign(nowMs);
    wakeByNeed(core, nowMs);
    core.readiness.settle(nowMs);
    core.countStarts(assigned, nowMs);
    core.hooks?.flush();
    if (core.dirtyLinks.length > 0) {
      const links = core.dirtyLinks;
      core.dirtyLinks = [];
      for (const link of links) link.flush();
    }
    if (core.dirtyStreams.length > 0) {
      const streams = core.dirtyStreams;
      core.dirtyStreams = [];
      for (const stream of streams) stream.flush();
    }
    core.shelf.tidy(core.tasks);
    core.waitWatch.look(nowMs);
    return assigned;
  }

  #assign(nowMs: number): number {
    const core = this.#core;
    const { ramp } = core;
    const assigned = core.matcher.match(nowMs, ramp?.roomAt(nowMs) ?? Number.POSITIVE_INFINITY);
    if (ramp !== undefined) this.#climb(ramp, assigned, nowMs);
    makeWay(core, nowMs);
    return assigned + doubleStragglers(core, nowMs);
  }

  /** It starts slowly after a pause: what had to wait continues when its time has come. */
  #climb(ramp: Ramp, assigned: number, nowMs: number): void {
    ramp.took(assigned, nowMs);
    if (ramp.isOverAt(nowMs)) this.#core.ramp = undefined;
  }

  configure(changes: Partial<PoolSettings>): Refusal | undefined {
    const core = this.#core;
    const settings = resolveSettings(core.settings, changes);
    if (isRefusal(settings)) return settings;
    const before = core.settings;
    core.settings = settings;
    if (before.strategy !== settings.strategy) core.readiness.rankAnew();
    if (before.ageingMs !== settings.ageingMs || before.dueLeadMs !== settings.dueLeadMs) rankAnew(core);
    if (before.slowStart?.untilMs !== settings.slowStart?.untilMs)
      core.ramp = settings.slowStart && new Ramp(settings.slowStart);
    if (before.window !== settings.window)
      for (const { stream, pool } of core.senderSlots) stream.retell(pool);
    return undefined;
  }

  setHooks(hooks: readonly PoolHook[], outlet: HookOutlet): void {
    const core = this.#core;
    // Once there were some, tasks may wait for them.
    if (hooks.length > 0) core.hooks ??= new HookCalls(core, hookEnds(core), outlet);
    core.hooks?.set(hooks);
  }

  answerHooks(replies: readonly HookReply[], nowMs: number): void {
    this.#core.hooks?.answer(replies, nowMs);
  }

  setLimit(rule: LimitRule, nowMs: number): Refusal | undefined {
    return this.#core.limits.set(rule, nowMs);
  }

  removeLimit(key: string, nowMs: number): Refusal | undefined {
    return this.#core.limits.remove(key, nowMs);
  }

  limits(): PoolLimit[] {
    return limitViews(this.#core);
  }

  allot(namespace: string, told: Allotments, nowMs: number): void {
    const core = this.#core;
    // What nobody has ever said anything about costs nothing.
    if (core.allotments === undefined && told.parts.length + told.reservations.length === 0) return;
    core.allotments ??= new PoolAllotments(core);
    core.allotments.tell(namespace, told, nowMs);
  }

  allotted(namespace: string): AllotmentUses {
    return this.#core.allotments?.uses(namespace) ?? [];
  }

  get namespaces(): ReadonlySet<string> {
    return this.#core.profiles.namespaces;
  }

  hold(agentId: string, order: HoldOrder, nowMs: number): Refusal | undefined {
    this.#core.holds.hold(agentId, order, nowMs);
    return undefined;
  }

  release(agentId: string, reason: string, nowMs: number): Refusal | undefined {
    return this.#core.holds.release(agentId, reason, nowMs) ? undefined : this.#unknown(agentId);
  }

  drain(agentId: string, reason: string, deadlineMs: number, nowMs: number): Refusal | undefined {
    return this.#steer(agentId, (agent) => {
      if (agent.link !== undefined) agent.link.outgoing.drain = { reason, deadlineMs };
      this.#core.roster.drains(agent, reason, deadlineMs, nowMs);
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
      this.#core.roster.sleeps(agent, reason, forMs, !isByPlan, nowMs);
    });
  }

  wake(agentId: string, reason: string, nowMs: number): Refusal | undefined {
    return this.#steer(agentId, (agent) => {
      if (agent.link !== undefined) agent.link.outgoing.wake = { reason };
      this.#core.roster.wakes(agent, reason, nowMs);
    });
  }

  remove(agentId: string, reason: string, returnAfterMs: number, nowMs: number): Refusal | undefined {
    return this.#steer(agentId, (agent) =>
      this.#core.roster.leave(agent, reason, { reason, returnAfterMs }, nowMs),
    );
  }

  attendance(): Attendance[] {
    return [...this.#core.roster.agents.values()].map((agent) => ({
      agentId: agent.agentId,
      incarnation: agent.identity.incarnation,
      isPolled: agent.link?.isPolled === true,
      tokens: [...agent.tasks()].filter(({ stage }) => stage === "working").map(({ offer }) => offer.token),
    }));
  }

  launchedBy(launches: Launches): void {
    this.#core.launches = launches;
  }

  tellOfLaunch(agentId: string, isStarting: boolean, reason: string, nowMs: number): void {
    this.#core.tellOfLaunch(agentId, isStarting, reason, nowMs);
  }

  launchedFor(scalerId: string): LaunchedAgent[] {
    const launched: LaunchedAgent[] = [];
    for (const agent of this.#core.roster.agents.values()) {
      const { identity, agentId, state, wakesByNeed, used: attempts } = agent;
      if (scalerIdOf(identity.launchId) === scalerId)
        launched.push({ agentId, state, wakesByNeed, attempts });
    }
    return launched;
  }

  use(agents?: LabelSelector): GetPoolUseReply {
    return useView(this.#core, agents);
  }

  status(nowMs: number): PoolStatus {
    return statusView(this.#core, nowMs);
  }

  agent(agentId: string, nowMs: number): AgentView | undefined {
    const agent = this.#core.roster.get(agentId);
    if (agent !== undefined) return agentView(this.#core, agent, nowMs);
    return absentViews(this.#core).find((absent) => absent.agentId === agentId);
  }

  agents(nowMs: number): AgentView[] {
    const there = [...this.#core.roster.agents.values()].map((agent) => agentView(this.#core, agent, nowMs));
    const all = [...there, ...absentViews(this.#core)];
    return all.sort((one, other) => (one.agentId < other.agentId ? -1 : 1));
  }

  work(agentId: string): AgentWork[] {
    const agent = this.#core.roster.get(agentId);
    return agent === undefined ? [] : workView(this.#core, agent);
  }

  queued(count: number, nowMs: number): QueuedTask[] {
    return queuedViews(this.#core, count, nowMs);
  }

  offered(): OfferedCapability[] {
    return offeredView(this.#core);
  }

  explain(token: Uint8Array, nowMs: number): Explanation | undefined {
    const task = this.#core.tasks.get(token);
    return task && explainTask(this.#core, task, nowMs);
  }

  explainWork(work: WorkReference, nowMs: number): Explanation | undefined {
    const isWanted = finderOf(work);
    for (const task of this.#core.tasks.values())
      if (isWanted(task)) return explainTask(this.#core, task, nowMs);
    return explainDenied(this.#core, work) ?? explainPlaced(this.#core, work, nowMs);
  }

  placementsGoneUntilMs(nowMs: number): number {
    return this.#core.placements.goneUntilMs(nowMs);
  }

  explainProfile(profile: OfferProfile, nowMs: number): Explanation | Refusal {
    return explainProfile(this.#core, profile, nowMs);
  }

  /** While some of running work is not known, nothing that is limited starts. it is not waited for ever. */
  #lookAtClaims(nowMs: number): void {
    const { claims, limits, claimUntilMs, senderSlots } = this.#core;
    if (claims.size > 0 && nowMs >= claimUntilMs)
      claims.dropAll("nobody has offered it since the pool moved here");
    const unclaimed = senderSlots.size > 0 ? claims.toAsk(nowMs) : [];
    if (unclaimed.length > 0) for (const { stream, pool } of senderSlots) stream.unclaimed(pool, unclaimed);
    if (claims.atWork > 0) limits.freeze();
    else limits.unfreeze(nowMs);
  }

  #newAgentId(): string {
    const bytes = this.#core.chance.fill(new Uint8Array(8));
    const unique = [...bytes].map((byte) => byte.toString(16).padStart(2, "0")).join("");
    return `agent-${++this.#unnamed}-${unique}`;
  }

  #steer(agentId: string, act: (agent: Agent) => void): Refusal | undefined {
    const agent = this.#core.roster.get(agentId);
    if (agent === undefined) return this.#unknown(agentId);
    act(agent);
    return undefined;
  }

  #unknown(agent: string): Refusal {
    return matchingErrors.agentUnknown.refusal({ agent, pool: this.#core.name });
  }
}
