/**
 * An attempt at a task. Each type knows those below it, and none above:
 *
 *     cohort with its queues ── wait group, turn, wait entry
 *     task
 *     share, lane ── limit ── sender slot       of any task
 *     demand ── match                           of any share
 *     agent ── link ── cohort
 *
 * Most tasks wait, and few run. So fields that only a running task or only some tasks
 * have are in separate parts. The offer stays as its bytes until it is read.
 */
import type { Label, Result } from "@tutti/contracts/agent/v1";
import type { Offer } from "@tutti/contracts/swarm/v1";
import type { Share as OfferShare } from "@tutti/contracts/types/v1";
import { EncodedOffer, isOfferOf, openOffer } from "@tutti/contracts/wire";
import type { Ranked } from "@tutti/kernel";
import type { Agent, Link } from "../agents/agent.ts";
import type { Demand } from "../demand/matches.ts";
import type { Judging } from "../hooks/judging.ts";
import type { Limit } from "../limits/room.ts";
import type { OfferSlab, OfferStore } from "../offers/offer-store.ts";
import type { SenderSlot } from "../offers/sender-slot.ts";
import type { Lane, Share } from "../queue/share.ts";
import { Due } from "../time/due.ts";

/** The demand of tasks, with the tasks that wait for it. */
export type TaskDemand = Demand<Share<Task>>;

/** The common part of tasks, as a pool knows it. Senders with equal profiles share one. */
export interface Profile {
  readonly key: string;
  readonly namespace: string;
  /** Empty for `run`, as in assignments. */
  readonly workKind: string;
  readonly definition: string;
  readonly definitionTask: string;
  readonly demand: TaskDemand;
  readonly weight: number;
  /** Times as offered. 0 for no limit. */
  readonly queueMs: number;
  readonly runMs: number;
  readonly heartbeatMs: number;
  readonly labels: readonly Label[];
  readonly stickyKey: string;
  readonly contextKey: string;
  /** Whether a second copy may be started. */
  readonly mayBeDoubled: boolean;
  /** Number of streams that use it. */
  uses: number;
}

/** The state of a running task that may have a copy, and of the copy. */
export interface Twin {
  /** The original attempt, if this is a copy. */
  readonly original: Task | undefined;
  /** When the attempt becomes a straggler. */
  straggleDueMs: number;
  /** Its copy, while that is running. */
  copy: Task | undefined;
  /** The copy whose outcome counts for it. */
  winner: Task | undefined;
}

/** Fields that only some tasks need. */
export interface Extras {
  /** Limits by key, followed by those of quotas and reservations. */
  limits: readonly Limit<Task>[];
  /** The limit that let the task continue, until it is assigned. */
  wokenBy: Limit<Task> | undefined;
  /** Id of the limit that it waits for. Empty if none. */
  waitsFor: string;
  /** Start of that wait. */
  waitsSinceMs: number;
  /** Earlier waits for limits, up to the maximum of an explanation. */
  readonly waited: LimitWait[];
  readonly stickyKey: string;
  readonly contextKey: string;
  /** The demand before the task was bound to an agent. */
  unbound: TaskDemand | undefined;
  boundDueMs: number;
  /** Whether the task may still be bound. */
  mayBind: boolean;
  /** Numbers of results that its agent sent more than once. */
  repeats: number[];
  /** The share of the agents that it uses. Undefined for that of its namespace. */
  readonly share: OfferShare | undefined;
  /** The gang of the task. Undefined if it starts by itself. */
  gang: TaskGang | undefined;
}

/** Tasks that start together, as each of them sees the gang. */
export interface TaskGang {
  readonly name: string;
  /** Returns true if the task now waits with its gang, and in no queue. */
  hold(task: Task): boolean;
  /** Removes a task that no longer waits here. */
  release(task: Task): void;
  /** Removes a task that its sender does not want any more. */
  dismiss(task: Task): void;
  /** Adds a task that an agent already has. */
  claim(task: Task): void;
}

/** A finished wait for a limit. */
interface LimitWait {
  readonly key: string;
  readonly fromMs: number;
  readonly toMs: number;
}

/** Ids of the work and of its task, also as UTF-8. */
export interface TaskName {
  readonly id: string;
  readonly task: string;
  readonly idBytes: Uint8Array;
  readonly taskBytes: Uint8Array;
}

/** The pool of a task, as the task sees it. */
export interface TaskPool {
  readonly offerStore: OfferStore;
  /** Handles a timeout of a task. */
  expire(task: Task, nowMs: number): void;
}

const never = Number.POSITIVE_INFINITY;

/** Fields that a task has since it first ran, or was given more time. */
class RunningState {
  /** Maximum duration of an attempt. 0 for no limit. */
  runMs: number;
  assignedMs = 0;
  /** 0 if not started. */
  startedMs = 0;
  /** Earliest time at which its agent can have received it. */
  receivedMs = 0;
  lastHeartbeatMs = 0;
  /** Start of the time that counts towards `runMs`. */
  runFromMs = 0;
  /** When the agent counts as done with the task without a confirmation. */
  stopDueMs = never;
  agent: Agent | undefined = undefined;
  agentBefore: Task | undefined = undefined;
  agentAfter: Task | undefined = undefined;
  result: Result | undefined = undefined;
  /** The link whose agent keeps the result, and the number of the result there. */
  link: Link | undefined = undefined;
  linkNumber = 0;
  busyAnswers = 0;
  /** Progress, 0 to 1, with its message, by the last report of the agent. */
  fraction = 0;
  message = "";
  twin: Twin | undefined = undefined;
  /** True if the agent was asked to end it for more urgent work. */
  yields = false;

  constructor(runMs: number) {
    this.runMs = runMs;
  }
}

/** Fields that few waiting tasks need. */
class RareState {
  /** End of its time in the queue over all attempts. */
  totalDueMs = never;
  /** When its outcome is due. */
  outcomeDueMs = never;
  /** When it is forgotten because its sender has not come back. */
  orphanDueMs = never;
  /** State of its hooks. Undefined if no hook was asked. */
  judging: Judging | undefined = undefined;
}

const rarely = new RareState();

/** The timer of a task. */
class Alarm extends Due {
  readonly #taskPool: TaskPool;
  readonly #task: Task;

  constructor(taskPool: TaskPool, task: Task) {
    super();
    this.#taskPool = taskPool;
    this.#task = task;
  }

  override run(nowMs: number): void {
    this.#taskPool.expire(this.#task, nowMs);
  }
}

/** An attempt, from its offer until it is no longer needed. */
export class Task implements Ranked {
  readonly #taskPool: TaskPool;
  /** The decoded offer, or the slab that contains its bytes, with their start and end. */
  #offer: Offer | OfferSlab;
  #start = -1;
  #end = 0;
  readonly profile: Profile;
  demand: TaskDemand;
  rank = 0;
  order = 0;
  place = -1;
  /** Number in the list of its line. Below 0 if it is in the heap. */
  listed = -1;
  stage: Stage = "queued";
  priority: number;
  /** Number of the attempt, from 1. */
  readonly attempt: number;
  readonly readyMs: number;
  share: Share<Task> | undefined = undefined;
  lane: Lane<Task> | undefined = undefined;
  senderSlot: SenderSlot<Task> | undefined = undefined;
  extras: Extras | undefined = undefined;
  #work: RunningState | undefined = undefined;
  #rarely: RareState | undefined = undefined;
  #alarm: Alarm | undefined = undefined;

  constructor(taskPool: TaskPool, offer: Offer, profile: Profile, readyMs: number) {
    this.#taskPool = taskPool;
    if (offer instanceof EncodedOffer) {
      const slab = taskPool.offerStore.add(offer, this);
      this.#offer = slab;
      this.#start = slab.lastStart;
      this.#end = this.#start + offer.end - offer.start;
    } else this.#offer = offer;
    this.profile = profile;
    this.demand = profile.demand;
    this.readyMs = readyMs;
    this.priority = offer.priority;
    this.attempt = offer.attempt;
  }

  /** The decoded offer. It takes less memory before the first read. */
  get offer(): Offer {
    if (this.#start < 0) return this.#offer as Offer;
    const offer = this.decodeOffer();
    (this.#offer as OfferSlab).free(this.#end - this.#start);
    this.#start = -1;
    this.#offer = offer;
    return offer;
  }

  /** Decodes the offer without keeping it. */
  decodeOffer(): Offer {
    if (this.#start < 0) return this.#offer as Offer;
    return openOffer((this.#offer as OfferSlab).bytes, this.#start, this.#end);
  }

  isOf({ id, task, idBytes, taskBytes }: TaskName): boolean {
    if (this.#start >= 0)
      return isOfferOf((this.#offer as OfferSlab).bytes, this.#start, this.#end, idBytes, taskBytes);
    const { workId, taskId } = this.#offer as Offer;
    return workId === id && taskId === task;
  }

  /** Moves the bytes of the offer out of a slab that most offers have left. */
  moveOffer(): void {
    if (this.#start < 0) return;
    const slab = this.#offer as OfferSlab;
    if (!slab.isSparse) return;
    const copy = this.#taskPool.offerStore.copy(slab.bytes, this.#start, this.#end);
    const length = this.#end - this.#start;
    slab.free(length);
    this.#offer = copy;
    this.#start = copy.lastStart;
    this.#end = this.#start + length;
  }

  /** Its timer. Undefined before the first use. */
  get alarm(): Due | undefined {
    return this.#alarm;
  }

  withAlarm(): Due {
    this.#alarm ??= new Alarm(this.#taskPool, this);
    return this.#alarm;
  }

  /** End of its time in the queue. */
  get queueDueMs(): number {
    const { queueMs } = this.profile;
    return queueMs > 0 ? this.readyMs + queueMs : never;
  }

  /** When the task has to be checked next in its present state. */
  get nextDueMs(): number {
    const { stage } = this;
    const { judging, orphanDueMs, totalDueMs } = this.#rarely ?? rarely;
    const hookDueMs = judging === undefined ? never : judging.dueMs;
    if (stage === "working") return this.#workingDueMs(this.#work ?? this.#atWork(), orphanDueMs, totalDueMs);
    if (stage === "ended" || stage === "forgotten") return Math.min(orphanDueMs, this.stopDueMs, hookDueMs);
    const boundDueMs = this.extras?.boundDueMs ?? never;
    return Math.min(this.queueDueMs, totalDueMs, orphanDueMs, boundDueMs, hookDueMs);
  }

  #workingDueMs(work: RunningState, orphanDueMs: number, totalDueMs: number): number {
    const { runMs, runFromMs, lastHeartbeatMs, agent, twin, yields } = work;
    // Its agent has given it up for more urgent work: it waits again in the next turn.
    if (yields && agent === undefined) return 0;
    const { heartbeatMs } = this.profile;
    const runDueMs = runMs > 0 ? runFromMs + runMs : never;
    const silentDueMs = agent !== undefined && heartbeatMs > 0 ? lastHeartbeatMs + heartbeatMs : never;
    const straggleDueMs = twin?.straggleDueMs ?? never;
    return Math.min(runDueMs, silentDueMs, totalDueMs, orphanDueMs, straggleDueMs);
  }

  #atWork(): RunningState {
    this.#work ??= new RunningState(this.profile.runMs);
    return this.#work;
  }

  #withRare(): RareState {
    this.#rarely ??= new RareState();
    return this.#rarely;
  }

  get runMs(): number {
    return this.#work === undefined ? this.profile.runMs : this.#work.runMs;
  }
  set runMs(value: number) {
    this.#atWork().runMs = value;
  }

  get assignedMs(): number {
    return this.#work === undefined ? 0 : this.#work.assignedMs;
  }
  set assignedMs(value: number) {
    this.#atWork().assignedMs = value;
  }

  get startedMs(): number {
    return this.#work === undefined ? 0 : this.#work.startedMs;
  }
  set startedMs(value: number) {
    this.#atWork().startedMs = value;
  }

  get receivedMs(): number {
    return this.#work === undefined ? 0 : this.#work.receivedMs;
  }
  set receivedMs(value: number) {
    this.#atWork().receivedMs = value;
  }

  get lastHeartbeatMs(): number {
    return this.#work === undefined ? 0 : this.#work.lastHeartbeatMs;
  }
  set lastHeartbeatMs(value: number) {
    this.#atWork().lastHeartbeatMs = value;
  }

  get runFromMs(): number {
    return this.#work === undefined ? 0 : this.#work.runFromMs;
  }
  set runFromMs(value: number) {
    this.#atWork().runFromMs = value;
  }

  get stopDueMs(): number {
    return this.#work === undefined ? never : this.#work.stopDueMs;
  }
  set stopDueMs(value: number) {
    this.#atWork().stopDueMs = value;
  }

  get agent(): Agent | undefined {
    return this.#work === undefined ? undefined : this.#work.agent;
  }
  set agent(value: Agent | undefined) {
    this.#atWork().agent = value;
  }

  get agentBefore(): Task | undefined {
    return this.#work === undefined ? undefined : this.#work.agentBefore;
  }
  set agentBefore(value: Task | undefined) {
    this.#atWork().agentBefore = value;
  }

  get agentAfter(): Task | undefined {
    return this.#work === undefined ? undefined : this.#work.agentAfter;
  }
  set agentAfter(value: Task | undefined) {
    this.#atWork().agentAfter = value;
  }

  get result(): Result | undefined {
    return this.#work === undefined ? undefined : this.#work.result;
  }
  set result(value: Result | undefined) {
    this.#atWork().result = value;
  }

  get link(): Link | undefined {
    return this.#work === undefined ? undefined : this.#work.link;
  }
  set link(value: Link | undefined) {
    this.#atWork().link = value;
  }

  get linkNumber(): number {
    return this.#work === undefined ? 0 : this.#work.linkNumber;
  }
  set linkNumber(value: number) {
    this.#atWork().linkNumber = value;
  }

  get busyAnswers(): number {
    return this.#work === undefined ? 0 : this.#work.busyAnswers;
  }
  set busyAnswers(value: number) {
    this.#atWork().busyAnswers = value;
  }

  get fraction(): number {
    return this.#work === undefined ? 0 : this.#work.fraction;
  }
  set fraction(value: number) {
    this.#atWork().fraction = value;
  }

  get message(): string {
    return this.#work === undefined ? "" : this.#work.message;
  }
  set message(value: string) {
    this.#atWork().message = value;
  }

  get twin(): Twin | undefined {
    return this.#work === undefined ? undefined : this.#work.twin;
  }
  set twin(value: Twin | undefined) {
    this.#atWork().twin = value;
  }

  get yields(): boolean {
    return this.#work === undefined ? false : this.#work.yields;
  }
  set yields(value: boolean) {
    this.#atWork().yields = value;
  }

  get totalDueMs(): number {
    return this.#rarely === undefined ? never : this.#rarely.totalDueMs;
  }
  set totalDueMs(value: number) {
    this.#withRare().totalDueMs = value;
  }

  get outcomeDueMs(): number {
    return this.#rarely === undefined ? never : this.#rarely.outcomeDueMs;
  }
  set outcomeDueMs(value: number) {
    this.#withRare().outcomeDueMs = value;
  }

  get orphanDueMs(): number {
    return this.#rarely === undefined ? never : this.#rarely.orphanDueMs;
  }
  set orphanDueMs(value: number) {
    this.#withRare().orphanDueMs = value;
  }

  get judging(): Judging | undefined {
    return this.#rarely === undefined ? undefined : this.#rarely.judging;
  }
  set judging(value: Judging | undefined) {
    this.#withRare().judging = value;
  }
}

/**
 * The stages of a task in its pool:
 *
 *     queued ── assigned ──► working ── result, lost, timed out ──► ended ── durable ──► forgotten
 *     queued ── its key is full ──► limited ── room ──► queued
 *     queued ── its agent is full ──► bound ── time, agent not able ──► queued, or assigned to that agent
 *     hooked ── its hooks had their say ──► queued
 *     queued ── it is in a gang ──► ganged ── all members have a place ──► assigned
 *     queued, limited, bound, hooked, ganged ── sender gone ──► away ── offered again ──► queued, or hooked
 *     working ── busy ──► queued
 *     queued, limited, bound, ganged, away ── recalled, cancelled, timed out ──► forgotten
 *     working ── cancelled ──► forgotten
 *
 * A bound task is queued with another demand. An attempt that timed out or was cancelled has ended for its
 * sender at once. Its agent keeps it, and its slot, until the agent confirms or the grace time is over. Until
 * then its token is known.
 */
type Stage = "queued" | "limited" | "hooked" | "ganged" | "away" | "working" | "ended" | "forgotten";
