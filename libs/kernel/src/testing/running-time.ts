/**
 * Virtual time that runs by itself: whenever the process only waits, time moves to the next timer.
 *
 * 1. Time stands still while anything runs: promises, immediates, file and DNS requests, work on the thread pool,
 *    requests to threads, and bytes on sockets with both ends in this process. So no deadline passes on a slow machine.
 * 2. Work of other processes is not visible: time does not wait for it.
 * 3. An immediate that schedules the next one again and again waits for something. Time moves anyway.
 * 4. If nothing but time passes for long, the process waits for a real event: it pauses instead of using a core.
 */
import { createHook } from "node:async_hooks";
import { performance } from "node:perf_hooks";
import { VirtualTime } from "./virtual-time.ts";

/** Turns of the event loop, each with a check for input, in which nothing may happen before time moves. */
const quietTurns = 2;
/** Turns with nothing but immediates: after them the loop counts as waiting. */
const loopingTurns = 64;
/** Free moves of time in a row, and the pause before each later one. */
const freeMoves = 5_000;
const pauseMs = 1;
/** Duration from which a pause counts as late. */
const lateMs = 4;
const lateTicksPerMove = 10;
/** Maximum time without progress, and the interval of its check in turns. */
const standstillMs = 20_000;
const turnsPerCheck = 10_000;
/** Free moves per external event: the garbage collector alone causes fewer events than that. */
const movesPerEvent = 50;

/** Requests of files and names. A port that keeps the process alive belongs to a thread with a request. */
const request = /^(?:FSReq|CloseReq|Get(?:Addr|Name)Info|Query|MessagePort)/;

interface Waiter {
  readonly moves: number;
  readonly dueMs: number;
  readonly resolve: () => void;
}

let shared: { readonly time: RunningTime; users: number } | undefined;

/** Returns the running virtual time. Undefined in tests that use real time. */
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
  /** Number of running works that contain something invisible to the event loop. */
  #paced = 0;
  #lateTicks = 0;
  #waiters: Waiter[] = [];
  #turns = 0;
  #still = { moves: 0, sinceMs: performance.now() };

  /** All open users share one time. It stops with its last user. It starts at the real moment. */
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

  /** Resolves when this much time has passed. */
  pass(ms: number): Promise<void> {
    return new Promise((resolve) => this.after(ms, resolve));
  }

  /** Resolves when time has moved by at least this much, and all consequences are over. */
  moved(atLeastMs = 0): Promise<void> {
    const dueMs = this.monotonic() + atLeastMs;
    return new Promise((resolve) => this.#waiters.push({ moves: this.#moves, dueMs, resolve }));
  }

  /** While the work runs, time passes no faster than real time: for the end of threads, which is invisible. */
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
      this.#reportStandstill();
      this.#schedule();
      return;
    }
    this.#quiet = 0;
    this.#looping = 0;
    if (this.#notifyWaiters()) this.#schedule();
    else if (this.#paced > 0) this.#pace();
    else if (this.#movesInRow++ < freeMoves) this.#move();
    else setTimeout(() => this.#move(), pauseMs);
  }

  #move(): void {
    if (!this.#isRunning) return;
    this.#moves++;
    try {
      // Without a timer the process waits for a real event.
      if (!this.advanceToNext()) this.#movesInRow = freeMoves;
    } finally {
      this.#schedule();
    }
  }

  /** A late tick means that the machine is busy, and its threads are late too: time moves at few of them. */
  #pace(): void {
    const startedMs = performance.now();
    setTimeout(() => {
      const isLate = performance.now() - startedMs >= lateMs;
      if (!isLate || ++this.#lateTicks % lateTicksPerMove === 0) this.#tick();
      else this.#schedule();
    }, pauseMs);
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

  /** Otherwise a test that hangs here would give no reason. */
  #reportStandstill(): void {
    if (++this.#turns % turnsPerCheck !== 0) return;
    const nowMs = performance.now();
    if (this.#still.moves !== this.#moves) this.#still = { moves: this.#moves, sinceMs: nowMs };
    if (nowMs - this.#still.sinceMs < standstillMs) return;
    this.#still = { moves: this.#moves, sinceMs: nowMs };
    const open = [...pool.running, ...process.getActiveResourcesInfo()].join(", ");
    process.stderr.write(`virtual time stands still for ${standstillMs / 1_000} s. Open: ${open}\n`);
  }

  #notifyWaiters(): boolean {
    const nowMs = this.monotonic();
    const isOver = ({ moves, dueMs }: Waiter): boolean => moves < this.#moves && dueMs <= nowMs;
    const over = this.#waiters.filter(isOver);
    if (over.length === 0) return false;
    this.#waiters = this.#waiters.filter((waiter) => !isOver(waiter));
    for (const { resolve } of over) resolve();
    return true;
  }
}

/** A cryptographic job of Node. */
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
      // A job that is done at once sends no event until it is collected, which may be never. The cast: all other
      // requests are cryptographic jobs.
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
