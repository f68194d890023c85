/**
 * The gangs of a pool: tasks that start together or not at all.
 *
 * 1. A member waits apart from the queues. In the turn in which all members that have not ended wait and each
 *    has a place, all are assigned.
 * 2. Gangs wait in one line, in the order in which they became complete. A gang without a place for each
 *    member lets later gangs go first.
 * 3. The first gang without a place for each member holds the places that it has found. When its time to hold
 *    is over, it goes to the end of the line. For the same time no gang holds anything, so neither gangs nor
 *    other tasks wait for ever.
 * 4. A gang that is larger than all agents together holds no places.
 * 5. If a member comes back or ends before all have started, the others are asked to end and wait again.
 * 6. The sender decides about a gang with members in other pools, because it knows all of them. The pool
 *    finds places, and holds or reserves them when the sender orders it. The pool reports to the sender which
 *    members have places.
 * 7. Gangs of several pools hold places in the same windows of time in all pools, and in each window in the
 *    same order. So one of them is the first in all of its pools, and two never wait for each other for
 *    longer than a window.
 *
 * A pool without gangs does none of this.
 */
import { GangAct, type GangOrder, type Gang as OfferedGang } from "@tutti/contracts/swarm/v1";
import { stableHash } from "@tutti/kernel";
import type { Agent } from "../agents/agent.ts";
import type { Readiness } from "../agents/readiness.ts";
import type { PoolAllotments } from "../limits/allotments.ts";
import type { Limits } from "../limits/limit-book.ts";
import type { LiveSettings } from "../settings.ts";
import type { Assigner } from "../task/assigner.ts";
import { enqueue } from "../task/queueing.ts";
import type { Task } from "../task/task.ts";
import { Due } from "../time/due.ts";
import type { Wheel } from "../time/wheel.ts";
import { Gang, type GangWatch } from "./gang.ts";
import { EmptyRoom, type Place, PresentRoom, placesOf, type RoomLimits } from "./placing.ts";

/** Number of gangs that are kept for members that come again, before finished ones are removed. */
const gangsRetainedMin = 64;
/** How long places are reserved. The sender answers sooner. */
const reserveMs = 2_000;

/** The parts that Gangs needs. */
export interface GangsParts {
  readonly settings: LiveSettings;
  readonly wheel: Wheel;
  readonly readiness: Readiness;
  readonly limits: Limits;
  readonly allotments: PoolAllotments;
  readonly assigner: Assigner;
}

/** The end of a hold, or of the pause after it. The turn that it causes does the rest. */
class HoldEnd extends Due {
  override run(): void {}
}

export class Gangs implements GangWatch {
  readonly #parts: GangsParts;
  readonly #gangs = new Map<string, Gang>();
  #sweepAt = gangsRetainedMin;
  /** Complete gangs, in their order. */
  readonly #line: Gang[] = [];
  /** Gangs with running members that have not started. */
  readonly #starting = new Set<Gang>();
  /** Gangs with members in other pools that have not started. */
  readonly #spread = new Set<Gang>();
  #placed = 0;
  /** The gang whose places are held. */
  #holder: Gang | undefined = undefined;
  readonly #held: { readonly task: Task; readonly agent: Agent }[] = [];
  /** End of the time in which gangs may hold places, and end of the pause after it. */
  #holdsUntilMs = 0;
  #restsUntilMs = 0;
  readonly #holdEnd = new HoldEnd();

  constructor(parts: GangsParts) {
    this.#parts = parts;
  }

  /** Adds a member that was offered. */
  join(task: Task, offered: OfferedGang): Gang {
    const { name } = offered;
    const key = `${task.profile.namespace}\n${task.offer.workId}\n${name}`;
    let gang = this.#gangs.get(key);
    if (gang?.isStarted === true && !gang.isAlive) gang = undefined;
    else if (gang?.isAlive === false) {
      gang.part.rest();
      gang.part.reported = "";
    }
    if (gang === undefined) {
      if (this.#gangs.size >= this.#sweepAt) this.#sweep();
      gang = new Gang(key, name, this);
      this.#gangs.set(key, gang);
    }
    gang.join(task, offered);
    if (gang.remoteSize > 0 && !gang.isStarted) this.#spread.add(gang);
    return gang;
  }

  /** Executes the order of a sender about a gang with members in several pools. */
  order(task: Task, { act, number }: GangOrder, nowMs: number): void {
    const gang = this.of(task);
    if (gang === undefined || gang.isStarted) return;
    const { part } = gang;
    part.order = number;
    if (act === GangAct.GANG_ACT_START) part.mayStart = true;
    else part.rest();
    part.seeks = act === GangAct.GANG_ACT_SEEK || act === GangAct.GANG_ACT_RESERVE;
    if (act === GangAct.GANG_ACT_RESERVE) part.reservedUntilMs = nowMs + reserveMs;
    else if (act === GangAct.GANG_ACT_TAKE_BACK) stopMembers(gang, this.#parts.settings.current.graceMs);
    else if (act === GangAct.GANG_ACT_GO) this.#markStarted(gang);
  }

  changed(gang: Gang): void {
    if (gang.running.size > 0 && !gang.isStarted) this.#starting.add(gang);
    const at = this.#line.indexOf(gang);
    if (gang.isComplete === at >= 0) return;
    if (at >= 0) this.#line.splice(at, 1);
    else {
      // A gang whose start was taken back keeps its position.
      if (gang.order === 0) gang.order = ++this.#placed;
      this.#line.push(gang);
      this.#sort();
    }
  }

  /** Starts the gangs that have a place for each member. Returns how many tasks were assigned. */
  run(nowMs: number): number {
    for (const gang of this.#starting) this.#refresh(gang);
    const assigned = this.#line.length === 0 && this.#held.length === 0 ? 0 : this.#place(nowMs);
    for (const gang of this.#spread) this.#report(gang);
    return assigned;
  }

  #place(nowMs: number): number {
    const { readiness } = this.#parts;
    const before = new Set(this.#held.map(({ agent }) => agent));
    for (const { task, agent } of this.#held.splice(0)) agent.releaseSlot(task.demand.fit);
    const assigned = this.#startAll(before, nowMs);
    for (const agent of before) readiness.roomGained(agent);
    for (const { agent } of this.#held) readiness.loaded(agent);
    return assigned;
  }

  #startAll(before: ReadonlySet<Agent>, nowMs: number): number {
    if (this.#holder !== undefined && nowMs >= this.#holdsUntilMs) {
      this.#holder.order = ++this.#placed;
      this.#sort();
    }
    this.#holder = undefined;
    let assigned = 0;
    for (const gang of this.#inTurn(nowMs)) {
      const places = this.placesOf(gang, nowMs, before);
      const hasPlaces = places.size >= gang.waiting.size;
      const isSpread = gang.remoteSize > 0;
      if (hasPlaces && (!isSpread || gang.part.mayStart)) {
        assigned += places.size;
        this.#start(gang, places, nowMs);
        continue;
      }
      const { part } = gang;
      part.hasPlaces = hasPlaces;
      part.isReserved = hasPlaces && nowMs < part.reservedUntilMs;
      part.mayStart = false;
      if (part.isReserved) this.#holdPlaces(places);
      else if (this.#holder === undefined && (!isSpread || part.seeks) && this.#mayHold(nowMs))
        if (this.roomFor(gang) >= gang.waiting.size) this.#hold(gang, places);
    }
    this.#scheduleTurn(nowMs);
    return assigned;
  }

  /** Schedules the turn in which places are given back, if nothing happens before. */
  #scheduleTurn(nowMs: number): void {
    const { wheel } = this.#parts;
    let dueMs = this.#holder ? this.#holdsUntilMs : this.#restsUntilMs;
    if (this.#line.length === 0 || dueMs <= nowMs) dueMs = Number.POSITIVE_INFINITY;
    for (const { part } of this.#spread) if (part.isReserved) dueMs = Math.min(dueMs, part.reservedUntilMs);
    if (dueMs === Number.POSITIVE_INFINITY) wheel.remove(this.#holdEnd);
    else wheel.set(this.#holdEnd, dueMs);
  }

  /**
   * Returns the gangs in the order in which they are checked. Gangs with reserved places come first. Gangs of
   * several pools and other gangs alternate as the first from window to window. The first of the former is
   * drawn for each window, so that all pools draw the same one.
   */
  #inTurn(nowMs: number): readonly Gang[] {
    if (this.#spread.size === 0) return [...this.#line];
    const window = Math.floor(nowMs / Math.max(1, 2 * this.#parts.settings.current.gangHoldMs));
    const placeOf = (gang: Gang): readonly [group: number, place: number] => {
      if (gang.remoteSize === 0) return [1 + (window % 2), gang.order];
      return [nowMs < gang.part.reservedUntilMs ? 0 : 2 - (window % 2), stableHash(`${window} ${gang.key}`)];
    };
    return this.#line
      .map((gang) => ({ gang, at: placeOf(gang) }))
      .sort((one, other) => one.at[0] - other.at[0] || one.at[1] - other.at[1])
      .map(({ gang }) => gang);
  }

  /** Returns the places that members of a gang have now. */
  placesOf(gang: Gang, nowMs: number, more: ReadonlySet<Agent> = noAgents): Map<Task, Place> {
    return placesOf(gang.waiting, new PresentRoom(this.#limits(nowMs), more));
  }

  /** Returns the members that have a place now, or whose place is held. */
  placeable(gang: Gang, nowMs: number): Set<Task> {
    if (gang === this.#holder) return new Set(this.#held.map(({ task }) => task));
    return new Set(this.placesOf(gang, nowMs).keys());
  }

  /** Returns how many of its members all agents together have room for if nothing runs. */
  roomFor(gang: Gang): number {
    return placesOf(gang.waiting, new EmptyRoom()).size;
  }

  /** Returns the gang of a task. */
  of(task: Task): Gang | undefined {
    const { gang } = task.extras ?? {};
    return gang instanceof Gang ? gang : undefined;
  }

  /** Returns the end of the hold for a gang. Undefined for a gang that holds nothing. */
  holdsUntilMs(gang: Gang): number | undefined {
    return gang === this.#holder && this.#held.length > 0 ? this.#holdsUntilMs : undefined;
  }

  #mayHold(nowMs: number): boolean {
    const { gangHoldMs } = this.#parts.settings.current;
    if (gangHoldMs === 0) return false;
    if (nowMs >= this.#restsUntilMs) {
      const fromMs = this.#spread.size === 0 ? nowMs : nowMs - (nowMs % (2 * gangHoldMs));
      this.#holdsUntilMs = fromMs + gangHoldMs;
      this.#restsUntilMs = fromMs + 2 * gangHoldMs;
    }
    return nowMs < this.#holdsUntilMs;
  }

  #hold(gang: Gang, places: ReadonlyMap<Task, Place>): void {
    this.#holder = gang;
    this.#holdPlaces(places);
  }

  #holdPlaces(places: ReadonlyMap<Task, Place>): void {
    for (const [task, { agent }] of places) {
      agent.holdSlot(task.demand.fit);
      this.#held.push({ task, agent });
    }
  }

  #start(gang: Gang, places: ReadonlyMap<Task, Place>, nowMs: number): void {
    gang.isBroken = false;
    gang.part.rest();
    for (const [task, { agent, match }] of places) {
      gang.release(task);
      gang.running.add(task);
      this.#parts.assigner.assign(task, agent, match, nowMs);
    }
    this.changed(gang);
  }

  /** Updates a gang with running members that has not started. */
  #refresh(gang: Gang): void {
    const hasAllStarted = gang.refresh();
    if (gang.remoteSize === 0 && (hasAllStarted || gang.isRejoined)) this.#markStarted(gang);
    else if (gang.isTorn && !gang.isRejoined) stopMembers(gang, this.#parts.settings.current.graceMs);
    if (gang.running.size > 0) return;
    this.#starting.delete(gang);
    gang.isBroken = false;
    this.changed(gang);
  }

  /** Marks a gang as started: from now on each member goes by itself. */
  #markStarted(gang: Gang): void {
    this.#starting.delete(gang);
    this.#spread.delete(gang);
    gang.isStarted = true;
    for (const task of [...gang.waiting]) {
      gang.release(task);
      gang.running.add(task);
      enqueue(task);
    }
  }

  /** Reports the state of the members here to the sender if it has changed. */
  #report(gang: Gang): void {
    const { part, waiting, running } = gang;
    const [task] = [...waiting, ...running].filter(({ senderSlot }) => senderSlot !== undefined);
    if (!gang.isAlive) this.#spread.delete(gang);
    part.mayStart = false;
    if (task?.senderSlot === undefined) return;
    const { stream, pool } = task.senderSlot;
    if (part.stream !== stream) {
      part.stream = stream;
      part.reported = "";
      part.order = 0;
      part.rest();
    }
    const isComplete = gang.isComplete;
    const state = {
      waiting: waiting.size,
      running: running.size,
      started: part.started,
      late: gang.isLate,
      possible: this.roomFor(gang) >= waiting.size,
      fits: isComplete && part.hasPlaces,
      reserved: isComplete && part.isReserved,
      order: part.order,
    };
    const reported = JSON.stringify(state);
    if (reported === part.reported) return;
    part.reported = reported;
    stream.gang(pool, { ...state, token: task.offer.token });
  }

  #limits(nowMs: number): RoomLimits {
    const { limits, allotments } = this.#parts;
    return {
      isFull({ extras, demand }) {
        const full = limits.fullOf(extras?.limits ?? [], nowMs, demand);
        if (full !== undefined) limits.needReservation(full, nowMs);
        return full !== undefined;
      },
      acquire(task, agent) {
        for (const limit of task.extras?.limits ?? []) limit.acquire(nowMs, task.demand);
        allotments.areas?.start(task, agent, nowMs);
      },
      release(task) {
        for (const limit of task.extras?.limits ?? []) limit.release(false, task.demand);
        allotments.areas?.finish(task);
      },
    };
  }

  #sort(): void {
    this.#line.sort((one, other) => one.order - other.order);
  }

  #sweep(): void {
    for (const [key, gang] of this.#gangs) if (!gang.isAlive) this.#gangs.delete(key);
    this.#sweepAt = Math.max(gangsRetainedMin, 2 * this.#gangs.size);
  }
}

const noAgents: ReadonlySet<Agent> = new Set();

/** Asks running members to end. They wait again when their agents have given them up. */
function stopMembers({ name, running }: Gang, graceMs: number): void {
  for (const task of running) {
    if (task.yields || task.agent === undefined) continue;
    task.yields = true;
    const reason = `another member of the gang ${name} has not started: all wait again`;
    task.agent.link?.outgoing.cancels.push({ token: task.offer.token, reason, graceMs });
  }
}
