/**
 * Stops code of durable functions that blocks its worker, such as a loop without an `await`.
 *
 * 1. A separate thread checks whether the same code has had control for the whole limit. It counts its ticks, not the
 *    time, so a process that was stopped and continued does not count as blocked.
 * 2. The code is ended where it is. Its `catch` and `finally` do not run, since they could contain the loop.
 * 3. Code of several functions runs in the same step of the event loop. So the thread interrupts the code with a probe,
 *    which finds the function and the line that have control at that moment.
 * 4. Other code that was to continue in the same step of the event loop is lost with it. So the other tasks of the
 *    worker are given back.
 * 5. While a debugger is attached, nothing is stopped.
 */
import { AsyncLocalStorage } from "node:async_hooks";
import { url as debuggerUrl } from "node:inspector";
import { Worker as Thread } from "node:worker_threads";
import { lineOfCode } from "./location.ts";

const ticks = 10;

/** Runs in the thread: a bundle has no second file. */
const source = `
const { Session } = require("node:inspector");
const { parentPort, workerData } = require("node:worker_threads");
const { control, probe, tickMs, ticks } = workerData;
const session = new Session();
session.connectToMainThread();
let last = 0;
let count = 0;
setInterval(() => {
  const current = Atomics.load(control, 0);
  count = current !== 0 && current === last ? count + 1 : 0;
  last = current;
  if (count < ticks) return;
  count = 0;
  session.post("Runtime.evaluate", { expression: probe, returnByValue: true }, (_, answer) => {
    if (answer?.result.value !== true || Atomics.load(control, 0) !== current) return;
    Atomics.store(control, 1, 1);
    parentPort.postMessage(0);
    session.post("Runtime.terminateExecution", () => {});
  });
}, tickMs);
`;

/** Code that can be stopped. */
export interface Watched {
  /**
   * Its code was ended.
   *
   * @param at the line that had control. Empty if it is not known
   */
  blocked(seconds: number, at: string): void;
}

/** The function whose code has control. */
export const codeOf = new AsyncLocalStorage<Watched>();

const probesName = "tutti.watchdogs";
/** An interrupt finds nothing but globals. Several copies of the SDK share the list. */
const globals = globalThis as { [key: symbol]: ((() => boolean) | undefined)[] | undefined };
globals[Symbol.for(probesName)] ??= [];
const probes = globals[Symbol.for(probesName)] ?? [];

export class Watchdog {
  readonly #onBlocked: () => void;
  readonly #limitMs: number;
  /** The number of the code that has control, 0 for none, and 1 if code was ended. */
  readonly #control = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  readonly #place = probes.push(undefined) - 1;
  #number = 0;
  #current: Watched | undefined;
  #found: { readonly watched: Watched; readonly at: string } | undefined;
  #thread: Thread | undefined;
  #isStopped = false;

  /** @param onBlocked what else the worker does may be damaged */
  constructor(onBlocked: () => void, limitMs: number) {
    this.#onBlocked = onBlocked;
    this.#limitMs = limitMs;
  }

  /** Code gets control. */
  enter(watched: Watched): void {
    if (this.#thread === undefined) this.#start();
    this.#current = watched;
    this.#number = (this.#number % 0x7fff_fffe) + 1;
    Atomics.store(this.#control, 0, this.#number);
  }

  /** The code has returned control. */
  leave(watched: Watched): void {
    if (Atomics.load(this.#control, 1) !== 0) this.#handleEnded();
    else if (this.#current === watched) this.#clear();
  }

  stop(): void {
    this.#isStopped = true;
    probes[this.#place] = undefined;
    void this.#thread?.terminate();
    this.#thread = undefined;
  }

  #clear(): void {
    this.#current = undefined;
    Atomics.store(this.#control, 0, 0);
  }

  #handleEnded(): void {
    Atomics.store(this.#control, 1, 0);
    this.#clear();
    const found = this.#found;
    this.#found = undefined;
    found?.watched.blocked(this.#limitMs / 1_000, found.at);
    this.#onBlocked();
  }

  /** Interrupts the code. Returns false if what has control is no code of a function. */
  #probe(): boolean {
    const watched = codeOf.getStore();
    this.#found = watched === undefined ? undefined : { watched, at: lineOfCode() };
    return watched !== undefined;
  }

  #start(): void {
    if (this.#isStopped || debuggerUrl() !== undefined) return;
    probes[this.#place] = () => this.#probe();
    const probe = `globalThis[Symbol.for("${probesName}")][${this.#place}]?.()`;
    const workerData = { control: this.#control, probe, tickMs: this.#limitMs / ticks, ticks };
    this.#thread = new Thread(source, { eval: true, workerData });
    // Code that was ended may have left nothing that continues.
    this.#thread.on("message", () => {
      if (Atomics.load(this.#control, 1) !== 0) this.#handleEnded();
    });
    // A listener keeps the process alive, so this call comes last.
    this.#thread.unref();
  }
}
