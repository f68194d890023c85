/**
 * What tasks with the same key share in a pool: so many running at once, so many per time.
 *
 * 1. Only running work counts. A task that waits holds nothing, so a task without a fit agent keeps no other from
 *    going.
 * 2. What finds the key full waits here, apart from the queues, and costs them nothing. When there is room, as many go
 *    back to their places as there is room for, of each demand, namespaces in turn: the first task that finds an agent
 *    takes it, the others come back.
 * 3. The rate is one number, the moment up to which everything that started is paid for. The burst is how far that may
 *    be ahead of the clock.
 */
import type { KeyedLimit } from "@tutti/contracts/types/v1";
import type { Demand } from "../demand/matches.ts";
import type { Task } from "../task/task.ts";
import { Due } from "../time/due.ts";
import { LimitLine } from "./limit-line.ts";
import type { Allowance, Limit, LimitOrigin } from "./room.ts";

export interface LimitWatch {
  /** Time has come to look at who waits. */
  due(limit: KeyLimit, nowMs: number): void;
}

const unlimited: Allowance = { maxConcurrent: 0, rate: undefined };

export class KeyLimit extends Due implements Limit<Task> {
  readonly id: string;
  readonly key: string;
  /** The namespace whose tasks share it. Empty when all do. */
  readonly namespace: string;
  readonly #watch: LimitWatch;
  /** What is set for the key. Undefined when only tasks say something. */
  set: Allowance | undefined;
  #brought: Allowance = unlimited;
  held = 0;
  /** Tasks that refer to it. */
  uses = 0;
  waiting = 0;
  #rateMs = 0;
  readonly #lines = new Map<Demand, LimitLine>();

  constructor(id: string, key: string, namespace: string, set: Allowance | undefined, watch: LimitWatch) {
    super();
    this.id = id;
    this.key = key;
    this.namespace = namespace;
    this.set = set;
    this.#watch = watch;
  }

  /** What it is made of, where that is a quota or a reservation. */
  get origin(): LimitOrigin | undefined {
    return undefined;
  }

  /** What it counts, where that is not tasks. */
  get amounts(): Limit<Task>["amounts"] {
    return undefined;
  }

  get allowance(): Allowance {
    return this.set ?? this.#brought;
  }

  /** What a task says of the key. Of several that differ, the last counts. */
  bring({ maxConcurrent, rate }: KeyedLimit): void {
    const paced = rate !== undefined && rate.count > 0 && rate.perMs > 0 ? rate : undefined;
    if (maxConcurrent > 0 || paced !== undefined) this.#brought = { maxConcurrent, rate: paced };
  }

  override run(nowMs: number): void {
    this.#watch.due(this, nowMs);
  }

  /** Returns how many more may start now. */
  roomAt(nowMs: number): number {
    const { maxConcurrent, rate } = this.allowance;
    let room = maxConcurrent > 0 ? Math.max(0, maxConcurrent - this.held) : Number.POSITIVE_INFINITY;
    if (rate !== undefined && room > 0) {
      const part = rate.perMs / rate.count;
      const ahead = Math.max(0, this.#rateMs - nowMs);
      // A hair is nothing: sums of parts are not exact.
      room = Math.min(room, Math.max(0, Math.floor(burstOf(rate) - ahead / part + 1e-6)));
    }
    return room;
  }

  /** When the rate gives the next one its part. Infinite when it is not the rate that is in the way. */
  get paceDueMs(): number {
    const { rate, maxConcurrent } = this.allowance;
    if (rate === undefined || (maxConcurrent > 0 && this.held >= maxConcurrent))
      return Number.POSITIVE_INFINITY;
    return this.#rateMs - (burstOf(rate) - 1) * (rate.perMs / rate.count);
  }

  /** Returns whether nothing is left of it. */
  idleAt(nowMs: number): boolean {
    return this.uses === 0 && (this.allowance.rate === undefined || this.#rateMs <= nowMs);
  }

  /** When nothing is left of the rate. */
  get restDueMs(): number {
    return this.#rateMs;
  }

  /** Returns how much one task takes that asks for this. */
  amountOf(_demand: Demand): number {
    return 1;
  }

  begin(nowMs: number, demand: Demand): void {
    this.held += this.amountOf(demand);
    const { rate } = this.allowance;
    if (rate !== undefined) this.#rateMs = Math.max(nowMs, this.#rateMs) + rate.perMs / rate.count;
  }

  /** An attempt has ended, or did not start after all. */
  end(hasBegun: boolean, demand: Demand): void {
    this.held -= this.amountOf(demand);
    const { rate } = this.allowance;
    if (!hasBegun && rate !== undefined) this.#rateMs -= rate.perMs / rate.count;
  }

  wait(task: Task, isBack: boolean): void {
    let line = this.#lines.get(task.demand);
    if (line === undefined) {
      line = new LimitLine();
      this.#lines.set(task.demand, line);
    }
    line.add(task, isBack);
    this.waiting++;
  }

  /** A task that waits here leaves for good. */
  leave(task: Task): void {
    const line = this.#lines.get(task.demand);
    if (line === undefined) return;
    line.remove(task);
    this.waiting--;
    this.#forget(task.demand, line);
  }

  /** The rank of one that waits here has changed. */
  move(task: Task): void {
    this.#lines.get(task.demand)?.move(task);
  }

  /** One that was let continue has been assigned, or has left, or waits again. */
  unwake(demand: Demand): void {
    const line = this.#lines.get(demand);
    if (line === undefined) return;
    line.woken--;
    this.#forget(demand, line);
  }

  /** Lets as many continue as there is room for. */
  wake(nowMs: number, go: (task: Task, nowMs: number) => void): void {
    if (this.waiting === 0) return;
    // A hair is nothing: sums of parts are not exact.
    const room = this.roomAt(nowMs) + 1e-9;
    for (const [demand, line] of this.#lines) {
      const amount = this.amountOf(demand);
      while ((line.woken + 1) * amount <= room) {
        const task = line.take();
        if (task === undefined) break;
        this.waiting--;
        line.woken++;
        go(task, nowMs);
      }
    }
  }

  /** How much of it those want that wait here. */
  get wanted(): number {
    let wanted = 0;
    for (const [demand, line] of this.#lines) wanted += line.size * this.amountOf(demand);
    return wanted;
  }

  #forget(demand: Demand, line: LimitLine): void {
    if (line.empty && line.woken === 0) this.#lines.delete(demand);
  }
}

function burstOf({ count, burst }: { readonly count: number; readonly burst: number }): number {
  return Math.max(1, burst > 0 ? burst : count);
}
