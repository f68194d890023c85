/**
 * The limit that tasks with the same key share in a pool: concurrency and rate.
 *
 * 1. Only running work counts. A waiting task holds nothing, so a task without a fit agent blocks no other
 *    task.
 * 2. Tasks that find the key full wait here, apart from the queues, and cost these nothing. When there is
 *    room, that many tasks of each demand go back to their queues, namespaces in turn. The first task that
 *    finds an agent takes the room, the others come back.
 * 3. The rate is one number: the time up to which all starts are paid for. The burst is how far that may be
 *    ahead of the clock. If the rate changes, the starts that are paid for keep their number, not their time.
 * 4. If starts are durable, a start needs a reservation that its owner has stored. The next owner continues from
 *    the last reservation, so no restart allows more starts than the rate. A rate that is full again within a
 *    second is not stored: the next owner starts it empty.
 */
import type { KeyedLimit } from "@tutti/contracts/types/v1";
import type { Demand } from "../demand/matches.ts";
import type { Task } from "../task/task.ts";
import { Due } from "../time/due.ts";
import { LimitLine } from "./limit-line.ts";
import type { Allowance, Limit, LimitOrigin, ReservedStarts } from "./room.ts";

type Rate = NonNullable<Allowance["rate"]>;

export interface LimitWatch {
  /** Called when it is time to check the waiting tasks. */
  due(limit: KeyLimit, nowMs: number): void;
}

/**
 * More than the rounding of a time of today, which is 0.0002 ms. So there is room when `paceDueMs` has come: without a
 * timer, and without room, a task would wait for another event.
 */
const roundingMs = 0.001;

/** Rates that are fully available again after this time are not stored, and reservations are for this time at least. */
const briefMs = 1_000;

const unlimited: Allowance = { maxConcurrent: 0, rate: undefined };

/** The starts of earlier owners, for a pool whose starts are durable. */
export interface EarlierStarts {
  /** The last reservation for the key. */
  readonly reserved: ReservedStarts | undefined;
  /** When this owner took over. 0 for the first owner. */
  readonly takenOverMs: number;
}

export class KeyLimit extends Due implements Limit<Task> {
  readonly id: string;
  readonly key: string;
  /** The namespace whose tasks share the limit. Empty if all tasks do. */
  readonly namespace: string;
  readonly #watch: LimitWatch;
  #set: Allowance | undefined;
  #declared: Allowance = unlimited;
  held = 0;
  /** Tasks that refer to the limit. */
  uses = 0;
  waiting = 0;
  #rateMs = 0;
  /** Starts up to this time are durable. Infinite if nothing is stored. */
  #reservedMs = Number.POSITIVE_INFINITY;
  /** The starts of earlier owners, until the rate is known. */
  #earlier: EarlierStarts | undefined = undefined;
  readonly #lines = new Map<Demand, LimitLine>();

  constructor(id: string, key: string, namespace: string, watch: LimitWatch, earlier?: EarlierStarts) {
    super();
    this.id = id;
    this.key = key;
    this.namespace = namespace;
    this.#watch = watch;
    this.#earlier = earlier;
    if (earlier !== undefined) this.#reservedMs = 0;
  }

  /** The quota or reservations of the limit, if any. */
  get origin(): LimitOrigin | undefined {
    return undefined;
  }

  /** The resource that the limit counts instead of tasks, if any. */
  get amounts(): Limit<Task>["amounts"] {
    return undefined;
  }

  get allowance(): Allowance {
    return this.#set ?? this.#declared;
  }

  /** Sets the rule for the key. Undefined if only tasks set the limit. */
  setRule(rule: Allowance | undefined, nowMs: number): void {
    const { rate } = this.allowance;
    this.#set = rule;
    this.#convert(rate, nowMs);
  }

  /** Sets the limit that a task names for the key. If several tasks differ, the last one counts. */
  configure({ maxConcurrent, rate }: KeyedLimit, nowMs: number): void {
    const paced = rate !== undefined && rate.count > 0 && rate.perMs > 0 ? rate : undefined;
    if (maxConcurrent === 0 && paced === undefined) return;
    const { rate: before } = this.allowance;
    this.#declared = { maxConcurrent, rate: paced };
    this.#convert(before, nowMs);
  }

  /** Converts the time that is paid for from another rate. Otherwise a raised rate would allow nothing until it passed. */
  #convert(before: Allowance["rate"], nowMs: number): void {
    const { rate } = this.allowance;
    if (rate !== undefined && this.#earlier !== undefined) this.#continue(this.#earlier, rate, nowMs);
    const ahead = this.#rateMs - nowMs;
    if (before === undefined || ahead <= 0) return;
    if (rate === undefined) this.#rateMs = nowMs;
    // Each task names its rate, and a conversion is not exact.
    else if (partOf(rate) !== partOf(before)) {
      this.#rateMs = nowMs + (ahead / partOf(before)) * partOf(rate);
      if (this.#reservedMs !== Number.POSITIVE_INFINITY) this.#reservedMs = this.#rateMs;
    }
  }

  /** Counts the starts of earlier owners. */
  #continue({ reserved, takenOverMs }: EarlierStarts, rate: Rate, nowMs: number): void {
    this.#earlier = undefined;
    if (isBrief(rate)) this.#rateMs = takenOverMs + burstOf(rate) * partOf(rate);
    else if (reserved !== undefined) {
      const ahead = Math.max(0, reserved.untilMs - nowMs) / reserved.partMs;
      this.#rateMs = reserved.partMs === partOf(rate) ? reserved.untilMs : nowMs + ahead * partOf(rate);
      this.#reservedMs = this.#rateMs;
    }
  }

  override run(nowMs: number): void {
    this.#watch.due(this, nowMs);
  }

  /** Returns how many more may start now. */
  roomAt(nowMs: number): number {
    const { maxConcurrent, rate } = this.allowance;
    const room = maxConcurrent > 0 ? Math.max(0, maxConcurrent - this.held) : Number.POSITIVE_INFINITY;
    if (rate === undefined || room === 0) return room;
    return Math.min(room, this.#rateRoomAt(rate, nowMs), this.#reservedRoomAt(rate, nowMs));
  }

  /** The rate, if it decides about the next start. Undefined if there is none, or if the concurrency is reached. */
  get #decidingRate(): Rate | undefined {
    const { rate, maxConcurrent } = this.allowance;
    return maxConcurrent > 0 && this.held >= maxConcurrent ? undefined : rate;
  }

  /** Returns how many starts the rate allows now. */
  #rateRoomAt(rate: Rate, nowMs: number): number {
    const ahead = Math.max(0, this.#rateMs - nowMs - roundingMs);
    // Tolerance: sums of parts are not exact.
    return Math.max(0, Math.floor(burstOf(rate) - ahead / partOf(rate) + 1e-6));
  }

  /** Returns how many starts are reserved. */
  #reservedRoomAt(rate: Rate, nowMs: number): number {
    if (this.#reservedMs === Number.POSITIVE_INFINITY || isBrief(rate)) return Number.POSITIVE_INFINITY;
    const ahead = this.#reservedMs - Math.max(nowMs, this.#rateMs);
    return Math.max(0, Math.floor(ahead / partOf(rate) + 1e-6));
  }

  /** Returns the time that one more start pays for, if the rate allows it and it is not reserved. Otherwise undefined. */
  unreservedAt(nowMs: number): number | undefined {
    const rate = this.#decidingRate;
    if (rate === undefined || this.#reservedRoomAt(rate, nowMs) >= this.#rateRoomAt(rate, nowMs))
      return undefined;
    return Math.max(nowMs, this.#rateMs) + partOf(rate);
  }

  /** Returns the starts to store: up to this time at least, those of the tasks that wait, and those of the next second. */
  reservation(untilMs: number, nowMs: number): ReservedStarts | undefined {
    const { rate } = this.allowance;
    if (rate === undefined) return undefined;
    let waiting = this.waiting;
    for (const { woken } of this.#lines.values()) waiting += woken;
    const partMs = partOf(rate);
    const count = Math.max(Math.min(waiting, this.#rateRoomAt(rate, nowMs)), Math.ceil(briefMs / partMs));
    const paidMs = Math.max(nowMs, this.#rateMs) + count * partMs;
    return { limit: this.id, untilMs: Math.max(untilMs, paidMs), partMs };
  }

  /** Records that starts are durable. If the rate has changed meanwhile, it needs another reservation. */
  reserved({ untilMs, partMs }: ReservedStarts): void {
    const { rate } = this.allowance;
    if (rate !== undefined && partOf(rate) === partMs) this.#reservedMs = Math.max(this.#reservedMs, untilMs);
  }

  /** When the rate allows the next start. Infinite if the rate is not the obstacle. */
  get paceDueMs(): number {
    const rate = this.#decidingRate;
    if (rate === undefined) return Number.POSITIVE_INFINITY;
    return this.#rateMs - (burstOf(rate) - 1) * partOf(rate);
  }

  /** Returns whether the limit is unused and its rate is fully available again. */
  idleAt(nowMs: number): boolean {
    return this.uses === 0 && (this.allowance.rate === undefined || this.#rateMs <= nowMs);
  }

  /** When the rate is fully available again. */
  get restDueMs(): number {
    return this.#rateMs;
  }

  /** Returns the amount that one task with this demand takes. */
  amountOf(_demand: Demand): number {
    return 1;
  }

  acquire(nowMs: number, demand: Demand): void {
    this.held += this.amountOf(demand);
    const { rate } = this.allowance;
    if (rate !== undefined) this.#rateMs = Math.max(nowMs, this.#rateMs) + partOf(rate);
  }

  /** Records that an attempt has ended, or did not start after all. */
  release(hasStarted: boolean, demand: Demand): void {
    this.held -= this.amountOf(demand);
    const { rate } = this.allowance;
    if (!hasStarted && rate !== undefined) this.#rateMs -= partOf(rate);
  }

  wait(task: Task, isReturned: boolean): void {
    let line = this.#lines.get(task.demand);
    if (line === undefined) {
      line = new LimitLine();
      this.#lines.set(task.demand, line);
    }
    line.add(task, isReturned);
    this.waiting++;
  }

  /** Removes a waiting task for good. */
  removeWaiting(task: Task): void {
    const line = this.#lines.get(task.demand);
    if (line === undefined) return;
    line.remove(task);
    this.waiting--;
    this.#removeIfEmpty(task.demand, line);
  }

  /** Sorts a waiting task again after its rank has changed. */
  move(task: Task): void {
    this.#lines.get(task.demand)?.move(task);
  }

  /** Records that a task that was let continue has been assigned, has left, or waits again. */
  unwake(demand: Demand): void {
    const line = this.#lines.get(demand);
    if (line === undefined) return;
    line.woken--;
    this.#removeIfEmpty(demand, line);
  }

  /** Lets as many tasks continue as there is room for. */
  wake(nowMs: number, requeue: (task: Task, nowMs: number) => void): void {
    if (this.waiting === 0) return;
    // Tolerance: sums of parts are not exact.
    const room = this.roomAt(nowMs) + 1e-9;
    for (const [demand, line] of this.#lines) {
      const amount = this.amountOf(demand);
      while ((line.woken + 1) * amount <= room) {
        const task = line.shift();
        if (task === undefined) break;
        this.waiting--;
        line.woken++;
        requeue(task, nowMs);
      }
    }
  }

  /** The amount that the waiting tasks want. */
  get wanted(): number {
    let wanted = 0;
    for (const [demand, line] of this.#lines) wanted += line.size * this.amountOf(demand);
    return wanted;
  }

  #removeIfEmpty(demand: Demand, line: LimitLine): void {
    if (line.empty && line.woken === 0) this.#lines.delete(demand);
  }
}

/** Whether the rate is fully available again after a second. */
function isBrief(rate: Rate): boolean {
  return burstOf(rate) * partOf(rate) <= briefMs;
}

function burstOf({ count, burst }: { readonly count: number; readonly burst: number }): number {
  return Math.max(1, burst > 0 ? burst : count);
}

/** The time that one start takes of a rate. */
function partOf({ count, perMs }: { readonly count: number; readonly perMs: number }): number {
  return perMs / count;
}
