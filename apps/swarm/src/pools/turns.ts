/**
 * Runs the turns of pools: once for all messages in a turn of the event loop, and when a time is due. No task
 * costs a timer or a promise of its own.
 */
import { type Defer, errorFromUnknown, type Logger, type Timer, type Timers } from "@tutti/kernel";
import type { Pool } from "@tutti/matching";
import type { PoolTime } from "./pool-time.ts";

export interface TurnsParts {
  readonly timers: Timers;
  readonly defer: Defer;
  readonly now: PoolTime;
  readonly logger: Logger;
  /** Called with the number of assigned tasks of a turn, and its duration. */
  readonly onTurn: (pool: Pool, assigned: number, durationMs: number) => void;
}

export class Turns {
  readonly #parts: TurnsParts;
  readonly #waiting = new Set<Pool>();
  readonly #chores: (() => void)[] = [];
  #rests: (() => void)[] = [];
  readonly #due = new Map<Pool, { readonly atMs: number; readonly timer: Timer }>();
  #isScheduled = false;
  #isStopped = false;

  constructor(parts: TurnsParts) {
    this.#parts = parts;
  }

  /** Schedules a turn for a pool that has received something. */
  schedule(pool: Pool): void {
    this.#waiting.add(pool);
    this.#schedule();
  }

  /** Runs a function before the next turn of a pool, because its present turn is not over. */
  before(chore: () => void): void {
    this.#chores.push(chore);
    this.#schedule();
  }

  /** Forgets a pool that is no longer owned here. */
  remove(pool: Pool): void {
    this.#waiting.delete(pool);
    this.#due.get(pool)?.timer.cancel();
    this.#due.delete(pool);
  }

  /** Runs a function after the next turns. */
  after(rest: () => void): void {
    this.#rests.push(rest);
    this.#schedule();
  }

  stop(): void {
    this.#isStopped = true;
    for (const { timer } of this.#due.values()) timer.cancel();
    this.#due.clear();
    this.#waiting.clear();
    this.#chores.length = 0;
    for (const rest of this.#rests.splice(0)) rest();
  }

  #schedule(): void {
    if (this.#isScheduled || this.#isStopped) return;
    this.#isScheduled = true;
    this.#parts.defer(() => this.#run());
  }

  #run(): void {
    this.#isScheduled = false;
    if (this.#isStopped) return;
    for (const chore of this.#chores.splice(0)) chore();
    const stirred = [...this.#waiting];
    this.#waiting.clear();
    for (const pool of stirred) this.#turn(pool);
    const rests = this.#rests;
    this.#rests = [];
    for (const rest of rests) rest();
  }

  #turn(pool: Pool): void {
    const { now, onTurn, logger } = this.#parts;
    const startMs = now();
    try {
      const assigned = pool.turn(startMs);
      onTurn(pool, assigned, now() - startMs);
    } catch (thrown) {
      // A bug in one pool: the others continue, and this pool has another turn when it receives something.
      const error = errorFromUnknown(thrown);
      logger.error("pool turn failed", { namespace: pool.namespace, pool: pool.name, error });
    }
    this.#arm(pool);
  }

  #arm(pool: Pool): void {
    const { timers, now } = this.#parts;
    const atMs = pool.nextDueMs;
    const armed = this.#due.get(pool);
    if (armed?.atMs === atMs) return;
    armed?.timer.cancel();
    this.#due.delete(pool);
    if (atMs === Number.POSITIVE_INFINITY || this.#isStopped) return;
    const timer = timers.after(Math.max(0, atMs - now()), () => {
      this.#due.delete(pool);
      this.schedule(pool);
    });
    this.#due.set(pool, { atMs, timer });
  }
}
