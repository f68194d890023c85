/**
 * When pools take their turns: once for all that came in during a turn of the event loop, and when something in them is
 * due. Nothing on the way of a task costs a timer or a promise of its own.
 */
import { type Defer, errorFromUnknown, type Logger, type Timer, type Timers } from "@tutti/kernel";
import type { Pool } from "@tutti/matching";
import type { PoolTime } from "./pool-time.ts";

export interface TurnsParts {
  readonly timers: Timers;
  readonly defer: Defer;
  readonly now: PoolTime;
  readonly logger: Logger;
  /** Told how many tasks a turn assigned, and how long it took. */
  readonly took: (pool: Pool, assigned: number, tookMs: number) => void;
}

export class Turns {
  readonly #parts: TurnsParts;
  readonly #stirred = new Set<Pool>();
  readonly #chores: (() => void)[] = [];
  #rests: (() => void)[] = [];
  readonly #due = new Map<Pool, { readonly atMs: number; readonly timer: Timer }>();
  #isAsked = false;
  #isStopped = false;

  constructor(parts: TurnsParts) {
    this.#parts = parts;
  }

  /** Something came in for a pool: it takes a turn soon. */
  stir(pool: Pool): void {
    this.#stirred.add(pool);
    this.#ask();
  }

  /** Something is to be handed to a pool that is in the midst of its turn: it gets it before the next one. */
  before(chore: () => void): void {
    this.#chores.push(chore);
    this.#ask();
  }

  /** A pool is not owned here any more. */
  forget(pool: Pool): void {
    this.#stirred.delete(pool);
    this.#due.get(pool)?.timer.cancel();
    this.#due.delete(pool);
  }

  /** A caller wants to see the next turns. */
  after(rest: () => void): void {
    this.#rests.push(rest);
    this.#ask();
  }

  stop(): void {
    this.#isStopped = true;
    for (const { timer } of this.#due.values()) timer.cancel();
    this.#due.clear();
    this.#stirred.clear();
    this.#chores.length = 0;
    for (const rest of this.#rests.splice(0)) rest();
  }

  #ask(): void {
    if (this.#isAsked || this.#isStopped) return;
    this.#isAsked = true;
    this.#parts.defer(() => this.#run());
  }

  #run(): void {
    this.#isAsked = false;
    if (this.#isStopped) return;
    for (const chore of this.#chores.splice(0)) chore();
    const stirred = [...this.#stirred];
    this.#stirred.clear();
    for (const pool of stirred) this.#turn(pool);
    const rests = this.#rests;
    this.#rests = [];
    for (const rest of rests) rest();
  }

  #turn(pool: Pool): void {
    const { now, took, logger } = this.#parts;
    const startMs = now();
    try {
      const assigned = pool.turn(startMs);
      took(pool, assigned, now() - startMs);
    } catch (thrown) {
      // A fault of ours in one pool: the others continue, and this one gets another turn when something comes in.
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
      this.stir(pool);
    });
    this.#due.set(pool, { atMs, timer });
  }
}
