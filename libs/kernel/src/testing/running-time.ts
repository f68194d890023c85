/**
 * Virtual time that runs by itself: whenever the process has nothing left to do but wait, time moves to the next timer.
 *
 * 1. Time stands still while anything runs: promises, immediates, file and DNS requests, work on the thread pool,
 *    questions to threads, and bytes on sockets whose two ends are in this process. A slow machine lets no deadline
 *    pass.
 * 2. What another process does is not seen: time does not wait for it.
 * 3. An immediate that asks for the next one again and again waits for something. Time moves all the same.
 * 4. While only time passes for long, the process waits for something real: it pauses instead of burning a core.
 */
import { createHook } from "node:async_hooks";
import { performance } from "node:perf_hooks";
import { VirtualTime } from "./virtual-time.ts";

/** Turns of the event loop, each with a look for input, in which nothing must have happened. */
const quietTurns = 2;
/** Turns in which nothing but immediates happened: from then on they are taken for a loop that waits. */
const loopingTurns = 64;
/** Moves of time in a row for free, and the pause before each that follows. */
const freeMoves = 5_000;
const pauseMs = 1;
/** So long time may stand still in silence. It is looked at now and then. */
const standstillMs = 20_000;
const turnsPerLook = 10_000;
/** What came from outside makes so many moves free again: the garbage collector alone makes fewer than it takes. */
const movesPerEvent = 50;

/** Requests of files and names. A port that keeps the process alive belongs to a thread that is asked something. */
const request = /^(?:FSReq|CloseReq|Get(?:Addr|Name)Info|Query|MessagePort)/;

interface Waiter {
  readonly moves: number;
  readonly dueMs: number;
  readonly resolve: () => void;
}

let shared: { readonly time: RunningTime; users: number } | undefined;

/** Returns the time that runs at the moment. Undefined where tests wait for real time. */
export function runningTime(): RunningTime | undefined {
  return shared?.time;
}

export class RunningTime extends VirtualTime {
  #isRunning = true;
  #moves = 0;
  #movesInRow = 0;
  #quiet = 0;
  #looping = 0;
  #events = 0;
  /** Of the works that what the event loop does not show is part of. */
  #paced = 0;
  #waiters: Waiter[] = [];
  #turns = 0;
  #still = { moves: 0, sinceMs: performance.now() };

  /** All that is open at once shares one time. It stops with its last user. It starts at the real moment. */
  static open(): { readonly time: RunningTime } & Disposable {
    if (shared === undefined) {
      shared = { time: new RunningTime(Date.now()), users: 0 };
      pool.watch();
      shared.time.#schedule();
    }
    const own = shared;
    own.users++;
    let isOpen = true;
    return {
      time: own.time,
      [Symbol.dispose]() {
        if (!isOpen) return;
        isOpen = false;
        if (--own.users > 0) return;
        own.time.#isRunning = false;
        pool.reset();
        shared = undefined;
        for (const { resolve } of own.time.#waiters.splice(0)) resolve();
      },
    };
  }

  /** Resolves when so much time has passed. */
  pass(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Resolves when time has moved, by as much at least, and everything that came of it is over. */
  moved(atLeastMs = 0): Promise<void> {
    const dueMs = this.monotonic() + atLeastMs;
    return new Promise((resolve) => this.#waiters.push({ moves: this.#moves, dueMs, resolve }));
  }

  /** While this lasts, time passes no faster than it really does: for what ends threads, which nothing shows. */
  async paced<Result>(work: () => Promise<Result>): Promise<Result> {
    this.#paced++;
    try {
      return await work();
    } finally {
      this.#paced--;
    }
  }

  #schedule(): void {
    if (this.#isRunning) setImmediate(() => this.#turn());
  }

  #turn(): void {
    if (!this.#isRunning) return;
    if (!this.#isIdle()) {
      this.#tellStandstill();
      this.#schedule();
      return;
    }
    this.#quiet = 0;
    this.#looping = 0;
    if (this.#tellWaiters()) this.#schedule();
    else if (this.#paced > 0) setTimeout(() => this.#tick(), pauseMs);
    else if (this.#movesInRow++ < freeMoves) this.#move();
    else setTimeout(() => this.#move(), pauseMs);
  }

  #move(): void {
    if (!this.#isRunning) return;
    this.#moves++;
    try {
      // Without a timer there is something real to wait for.
      if (!this.advanceToNext()) this.#movesInRow = freeMoves;
    } finally {
      this.#schedule();
    }
  }

  #tick(): void {
    try {
      const endMs = this.monotonic() + pauseMs;
      if (this.#isRunning && !((this.nextDueMs ?? endMs) < endMs && this.advanceToNext()))
        this.advance(pauseMs);
    } finally {
      this.#schedule();
    }
  }

  #isIdle(): boolean {
    const { events } = performance.nodeTiming.uvMetricsInfo;
    if (events !== this.#events) {
      this.#events = events;
      this.#movesInRow = Math.max(0, this.#movesInRow - movesPerEvent);
      this.#quiet = 0;
      this.#looping = 0;
      return false;
    }
    if (++this.#quiet < quietTurns) return false;
    if (pool.isBusy) return false;
    const active = process.getActiveResourcesInfo();
    if (active.some((name) => request.test(name))) return false;
    return !active.includes("Immediate") || ++this.#looping > loopingTurns;
  }

  /** Without it a test that hangs here says nothing of why. */
  #tellStandstill(): void {
    if (++this.#turns % turnsPerLook !== 0) return;
    const nowMs = performance.now();
    if (this.#still.moves !== this.#moves) this.#still = { moves: this.#moves, sinceMs: nowMs };
    if (nowMs - this.#still.sinceMs < standstillMs) return;
    this.#still = { moves: this.#moves, sinceMs: nowMs };
    const open = [...pool.running, ...process.getActiveResourcesInfo()].join(", ");
    process.stderr.write(`virtual time stands still for ${standstillMs / 1_000} s. Open: ${open}\n`);
  }

  #tellWaiters(): boolean {
    const nowMs = this.monotonic();
    const isOver = ({ moves, dueMs }: Waiter): boolean => moves < this.#moves && dueMs <= nowMs;
    const over = this.#waiters.filter(isOver);
    if (over.length === 0) return false;
    this.#waiters = this.#waiters.filter((waiter) => !isOver(waiter));
    for (const { resolve } of over) resolve();
    return true;
  }
}

/** A job of cryptography, as Node makes it. */
interface Job {
  /** Returns an error and a result if the job is done at once. */
  run(): unknown;
}

/** Cryptography on the thread pool, which the event loop does not list among its requests. */
class ThreadPool {
  readonly #running = new Map<number, string>();
  readonly #hook = createHook({
    init: (id, type, _trigger, resource) => {
      // A request over HTTP may wait for time to pass.
      if (!type.endsWith("REQUEST") || type.startsWith("HTTP")) return;
      this.#running.set(id, type);
      // Of a job that is done at once nothing more is heard until it is collected, which may be never. The cast: all
      // other requests are jobs of cryptography.
      const job = resource as Job;
      const { run } = job;
      if (typeof run !== "function") return;
      job.run = () => {
        let isOver = true;
        try {
          const done = run.call(job);
          isOver = Array.isArray(done);
          return done;
        } finally {
          if (isOver) this.#running.delete(id);
        }
      };
    },
    after: (id) => {
      this.#running.delete(id);
    },
    destroy: (id) => {
      this.#running.delete(id);
    },
    // Promises are many, and none of them is a request.
    trackPromises: false,
  });

  get isBusy(): boolean {
    return this.#running.size > 0;
  }

  get running(): readonly string[] {
    return [...this.#running.values()];
  }

  watch(): void {
    this.#hook.enable();
  }

  reset(): void {
    this.#hook.disable();
    this.#running.clear();
  }
}

const pool = new ThreadPool();
