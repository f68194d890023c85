/**
 * The gangs of a pool: tasks that start together or not at all.
 *
 * 1. A member waits apart from the queues. In the turn in which all members that have not ended wait and each has a place,
 *    all are assigned.
 * 2. Gangs wait in one line, in the order in which they became complete. One that has no place for all lets later ones go
 *    before it.
 * 3. The first one without a place for all holds the places that it has found. When the time to hold is over, it goes to
 *    the end of the line, and for as long none holds anything: neither gangs nor other tasks wait for ever.
 * 4. A gang that is greater than what all agents together hold holds nothing back.
 * 5. If a member comes back or ends before all have started, the others are asked to end and wait again.
 *
 * A pool without gangs does none of this.
 */
import type { Gang as OfferedGang } from "@tutti/contracts/swarm/v1";
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

/** Gangs that are kept for members that come again, before those that are over are looked for. */
const keptMin = 64;

/** The parts that Gangs needs. */
export interface GangsParts {
  readonly settings: LiveSettings;
  readonly wheel: Wheel;
  readonly readiness: Readiness;
  readonly limits: Limits;
  readonly allotments: PoolAllotments;
  readonly assigner: Assigner;
}

/** A hold, or the pause after it, is over: the turn in which that is seen does the rest. */
class HoldEnd extends Due {
  override run(): void {}
}

export class Gangs implements GangWatch {
  readonly #parts: GangsParts;
  readonly #gangs = new Map<string, Gang>();
  #sweepAt = keptMin;
  /** Complete, in their order. */
  readonly #line: Gang[] = [];
  /** Some of their members run, and they have not started. */
  readonly #starting = new Set<Gang>();
  #placed = 0;
  /** The gang whose places are held. */
  #holder: Gang | undefined = undefined;
  readonly #held: { readonly task: Task; readonly agent: Agent }[] = [];
  /** Until when gangs may hold places, and until when they may not after that. */
  #holdsUntilMs = 0;
  #restsUntilMs = 0;
  readonly #holdEnd = new HoldEnd();

  constructor(parts: GangsParts) {
    this.#parts = parts;
  }

  /** A member was offered. */
  join(task: Task, { name, size, started }: OfferedGang): Gang {
    const key = `${task.profile.namespace}\n${task.offer.workId}\n${name}`;
    let gang = this.#gangs.get(key);
    if (gang?.isStarted === true && !gang.isAlive) gang = undefined;
    if (gang === undefined) {
      if (this.#gangs.size >= this.#sweepAt) this.#sweep();
      gang = new Gang(key, name, this);
      this.#gangs.set(key, gang);
    }
    gang.join(task, size, started);
    return gang;
  }

  changed(gang: Gang): void {
    if (gang.running.size > 0 && !gang.isStarted) this.#starting.add(gang);
    const at = this.#line.indexOf(gang);
    if (gang.isComplete === at >= 0) return;
    if (at >= 0) this.#line.splice(at, 1);
    else {
      // One whose start was taken back stands where it stood.
      if (gang.order === 0) gang.order = ++this.#placed;
      this.#line.push(gang);
      this.#sort();
    }
  }

  /** Starts the gangs that have a place for each member. Returns how many tasks were assigned. */
  run(nowMs: number): number {
    for (const gang of this.#starting) this.#settle(gang);
    if (this.#line.length === 0 && this.#held.length === 0) return 0;
    const { readiness } = this.#parts;
    const before = new Set(this.#held.map(({ agent }) => agent));
    for (const { task, agent } of this.#held.splice(0)) agent.letGo(task.demand.fit);
    const assigned = this.#startAll(before, nowMs);
    for (const agent of before) readiness.loosened(agent);
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
    for (const gang of [...this.#line]) {
      const places = this.placesOf(gang, nowMs, before);
      if (places.size < gang.waiting.size) {
        if (this.#holder === undefined && this.#mayHold(nowMs) && this.roomFor(gang) >= gang.waiting.size)
          this.#hold(gang, places);
        continue;
      }
      assigned += places.size;
      this.#start(gang, places, nowMs);
    }
    if (this.#line.length === 0) this.#parts.wheel.remove(this.#holdEnd);
    else this.#parts.wheel.set(this.#holdEnd, this.#holder ? this.#holdsUntilMs : this.#restsUntilMs);
    return assigned;
  }

  /** Returns the places that members of a gang have now. */
  placesOf(gang: Gang, nowMs: number, more: ReadonlySet<Agent> = none): Map<Task, Place> {
    return placesOf(gang.waiting, new PresentRoom(this.#limits(nowMs), more));
  }

  /** Returns the members that have a place now, or whose place is held. */
  fitting(gang: Gang, nowMs: number): Set<Task> {
    if (gang === this.#holder) return new Set(this.#held.map(({ task }) => task));
    return new Set(this.placesOf(gang, nowMs).keys());
  }

  /** Returns how many of its members all agents together have room for if nothing runs. */
  roomFor(gang: Gang): number {
    return placesOf(gang.waiting, new EmptyRoom()).size;
  }

  /** The gang that a task waits with. */
  of(task: Task): Gang | undefined {
    const { gang } = task.extras ?? {};
    return gang instanceof Gang ? gang : undefined;
  }

  /** When the hold for a gang is over. Undefined for a gang that holds nothing. */
  holdsUntilMs(gang: Gang): number | undefined {
    return gang === this.#holder && this.#held.length > 0 ? this.#holdsUntilMs : undefined;
  }

  #mayHold(nowMs: number): boolean {
    const { gangHoldMs } = this.#parts.settings.current;
    if (nowMs >= this.#restsUntilMs) {
      this.#holdsUntilMs = nowMs + gangHoldMs;
      this.#restsUntilMs = nowMs + 2 * gangHoldMs;
    }
    return nowMs < this.#holdsUntilMs;
  }

  #hold(gang: Gang, places: ReadonlyMap<Task, Place>): void {
    this.#holder = gang;
    for (const [task, { agent }] of places) {
      agent.keep(task.demand.fit);
      this.#held.push({ task, agent });
    }
  }

  #start(gang: Gang, places: ReadonlyMap<Task, Place>, nowMs: number): void {
    gang.isBroken = false;
    for (const [task, { agent, match }] of places) {
      gang.release(task);
      gang.running.add(task);
      this.#parts.assigner.assign(task, agent, match, nowMs);
    }
    this.changed(gang);
  }

  /** Some of its members run, and not all have started. */
  #settle(gang: Gang): void {
    if (gang.settle() || gang.isRejoined) {
      this.#starting.delete(gang);
      gang.isStarted = true;
      for (const task of [...gang.waiting]) {
        gang.release(task);
        gang.running.add(task);
        enqueue(task);
      }
    } else if (gang.isTorn) takeBack(gang, this.#parts.settings.current.graceMs);
    if (gang.running.size > 0) return;
    this.#starting.delete(gang);
    gang.isBroken = false;
    this.changed(gang);
  }

  #limits(nowMs: number): RoomLimits {
    const { limits, allotments } = this.#parts;
    return {
      isFull: ({ extras, demand }) => limits.fullOf(extras?.limits ?? [], nowMs, demand) !== undefined,
      begin(task, agent) {
        for (const limit of task.extras?.limits ?? []) limit.begin(nowMs, task.demand);
        allotments.areas?.start(task, agent, nowMs);
      },
      end(task) {
        for (const limit of task.extras?.limits ?? []) limit.end(false, task.demand);
        allotments.areas?.finish(task);
      },
    };
  }

  #sort(): void {
    this.#line.sort((one, other) => one.order - other.order);
  }

  #sweep(): void {
    for (const [key, gang] of this.#gangs) if (!gang.isAlive) this.#gangs.delete(key);
    this.#sweepAt = Math.max(keptMin, 2 * this.#gangs.size);
  }
}

const none: ReadonlySet<Agent> = new Set();

/** Members that run are asked to end. They wait again when their agents have given them up. */
function takeBack({ name, running }: Gang, graceMs: number): void {
  for (const task of running) {
    if (task.yields || task.agent === undefined) continue;
    task.yields = true;
    const reason = `another member of the gang ${name} has not started: all wait again`;
    task.agent.link?.outgoing.cancels.push({ token: task.offer.token, reason, graceMs });
  }
}
