/** All that a pool consists of, for the parts that work on it together. Nothing here decides anything. */
import { AgentState, Hold } from "@tutti/contracts/agent/v1";
import type { Chance } from "@tutti/kernel";
import { Holds } from "./agents/holds.ts";
import { Readiness } from "./agents/readiness.ts";
import { Roster } from "./agents/roster.ts";
import { TurnedAwayAgents } from "./agents/turned-away.ts";
import type { Launches, PoolOptions, PoolSettings } from "./api/pool.ts";
import type { PoolCore } from "./books.ts";
import { affinitiesMax } from "./bounds.ts";
import { Demands } from "./demand/demands.ts";
import type { HookCalls } from "./hooks/hook-calls.ts";
import type { PoolAllotments } from "./limits/allotments.ts";
import { Limits } from "./limits/limit-book.ts";
import { Affinity } from "./match/affinity.ts";
import { Bound } from "./match/bound.ts";
import { LearnedTimes } from "./match/learned-times.ts";
import { Matcher } from "./match/matcher.ts";
import { Pace } from "./match/pace.ts";
import type { Ramp } from "./match/ramp.ts";
import { Profiles } from "./offers/profile.ts";
import { OfferShelf } from "./offers/shelf.ts";
import type { Agent, Link, SenderSlot, SenderStream, Task } from "./parts.ts";
import { Placements } from "./placed/placements.ts";
import { Claims } from "./task/claims.ts";
import { expire } from "./task/expiry.ts";
import type { TaskHome } from "./task/task.ts";
import { TokenTable } from "./task/token-table.ts";
import { letGo } from "./task/waiting.ts";
import { Wheel } from "./time/wheel.ts";
import { WaitWatch } from "./waits/wait-watch.ts";

export class Core implements PoolCore, TaskHome {
  readonly namespace: string;
  readonly name: string;
  readonly owner: string;
  readonly epoch: number;
  readonly openedMs: number;
  readonly chance: Chance;
  settings: PoolSettings;
  readonly wheel: Wheel;
  readonly tasks: TokenTable<Task>;
  readonly shelf = new OfferShelf();
  readonly matcher: Matcher;
  readonly demands: Demands;
  readonly profiles: Profiles;
  readonly limits: Limits;
  allotments: PoolAllotments | undefined = undefined;
  readonly claims: Claims;
  readonly affinity = new Affinity(affinitiesMax);
  readonly bound = new Bound();
  readonly times = new LearnedTimes();
  readonly placements = new Placements();
  readonly waitWatch: WaitWatch;
  readonly stragglers: Task[] = [];
  copies = 0;
  readonly urgent: Task[] = [];
  readonly #starts = new Pace();
  readonly roster: Roster;
  readonly turnedAway = new TurnedAwayAgents();
  readonly readiness: Readiness;
  readonly holds: Holds;
  readonly senderSlots = new Set<SenderSlot>();
  /** Those with something to send in this turn. */
  dirtyLinks: Link[] = [];
  dirtyStreams: SenderStream[] = [];
  /** Tasks that wait, and that are running. */
  queued = 0;
  working = 0;
  /** Offers and assignments so far. */
  offered = 0;
  assigned = 0;
  /** Until when agents may bring along tokens that nobody knows. */
  claimUntilMs: number;
  launches: Launches | undefined;
  /** Undefined while there are no hooks: then nothing is paid for them. */
  hooks: HookCalls | undefined;
  /** How far it is after a pause. Undefined while it starts as many as it can. */
  ramp: Ramp | undefined;
  readonly #onAgentChange: PoolOptions["onAgentChange"];
  readonly #onOffersChange: PoolOptions["onOffersChange"];

  constructor(options: PoolOptions, settings: PoolSettings) {
    const { namespace, name, owner, epoch, chance, openedMs } = options;
    this.namespace = namespace;
    this.name = name;
    this.owner = owner;
    this.epoch = epoch;
    this.openedMs = openedMs;
    this.chance = chance;
    this.settings = settings;
    this.claimUntilMs = openedMs + settings.claimMs;
    this.wheel = new Wheel(openedMs);
    const seed = Math.floor(chance.random() * 2 ** 32);
    this.tasks = new TokenTable(seed);
    this.matcher = new Matcher(this);
    this.demands = new Demands(this.matcher);
    this.profiles = new Profiles(this.demands);
    this.limits = new Limits(this.wheel, letGo);
    const freed = (agent: Agent) => this.readiness.loosened(agent);
    this.claims = new Claims(seed, freed);
    this.roster = new Roster(this);
    this.readiness = new Readiness(this);
    this.holds = new Holds(this);
    this.waitWatch = new WaitWatch(this, () => this.demands.all);
    this.#onAgentChange = options.onAgentChange;
    this.#onOffersChange = options.onOffersChange;
  }

  expire(task: Task, nowMs: number): void {
    expire(this, task, nowMs);
  }

  weightOf(namespace: string): number {
    return this.settings.weights[namespace] ?? 1;
  }

  /** A task is looked at when its next time has come. */
  watch(task: Task): void {
    const dueMs = task.nextDueMs;
    if (dueMs !== Number.POSITIVE_INFINITY) this.wheel.set(task.withAlarm(), dueMs);
    else if (task.alarm !== undefined) this.wheel.remove(task.alarm);
  }

  /** Attempts that were given out, per second, over the last minute. */
  startsPerSec(nowMs: number): number {
    return this.#starts.perSec(nowMs);
  }

  countStarts(count: number, nowMs: number): void {
    if (count > 0) this.#starts.add(count, nowMs);
  }

  leaveSlot(task: Task): void {
    task.senderSlot?.remove(task);
  }

  /** One that has not joined was launched, or will not join any more. */
  tellOfLaunch(agentId: string, isStarting: boolean, reason: string, atMs: number): void {
    if (this.roster.get(agentId) !== undefined) return;
    const { AGENT_STATE_STARTING: starting, AGENT_STATE_GONE: gone } = AgentState;
    const [before, after] = isStarting ? [gone, starting] : [starting, gone];
    this.#onAgentChange?.({ agentId, before, after, hold: Hold.HOLD_NONE, reason, atMs });
  }

  offersChanged(): void {
    this.#onOffersChange?.();
  }

  /** One that is not there is held, or no longer. */
  tellAbsent(agentId: string, hold: Hold, reason: string, atMs: number): void {
    const { AGENT_STATE_GONE: gone } = AgentState;
    this.#onAgentChange?.({ agentId, before: gone, after: gone, hold, reason, atMs });
  }

  /** Nothing is known of a task any more. It waits nowhere, and nobody works on it. */
  forget(task: Task, nowMs: number): void {
    this.leaveSlot(task);
    if (task.judging?.isHeld === true) this.hooks?.forget(task);
    task.stage = "forgotten";
    this.tasks.delete(task.offer.token);
    if (task.alarm !== undefined) this.wheel.remove(task.alarm);
    const { demand, extras, twin } = task;
    if (twin?.winner !== undefined) this.forget(twin.winner, nowMs);
    if (demand.uses > 1) demand.uses--;
    else this.demands.giveBack(demand);
    if (extras !== undefined && extras.limits.length > 0) this.limits.giveBack(extras.limits, nowMs);
  }

  /** How an agent stands, or is held, is told when it is otherwise than before. Ready or busy is one thing to those who listen. */
  tell(agent: Agent, after: AgentState, reason: string, atMs: number): void {
    const { agentId, hold, told: before } = agent;
    if (before === after && agent.toldHold === hold) return;
    agent.toldHold = hold;
    if (before !== after) {
      agent.told = after;
      agent.stateMs = atMs;
      agent.stateReason = reason;
    }
    this.#onAgentChange?.({ agentId, before, after, hold, reason, atMs });
  }
}
