/**
 * Stops code of durable functions that blocks its worker, such as a loop without an `await`.
 *
 * 1. A separate thread checks whether the same code has had control for the whole limit. It counts its ticks, not the
 *    time, so a process that was stopped and continued does not count as blocked.
 * 2. The code is ended where it is. Its `catch` and `finally` do not run, since they could contain the loop.
 * 3. Other code that was to continue in the same step of the event loop is lost with it. So the other tasks of the
 *    worker are given back.
 * 4. While a debugger is attached, nothing is stopped.
 */
import { url as debuggerUrl } from "node:inspector";
import { Worker as Thread } from "node:worker_threads";

const ticks = 10;

/** Runs in the thread: a bundle has no second file. */
const source = `
const { Session } = require("node:inspector");
const { parentPort, workerData } = require("node:worker_threads");
const { control, tickMs, ticks } = workerData;
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
  Atomics.store(control, 1, current);
  parentPort.postMessage(0);
  session.post("Runtime.terminateExecution", () => {});
}, tickMs);
`;

/** Code that can be stopped. */
export interface Watched {
  /** Its code was ended. */
  blocked(seconds: number): void;
}

export class Watchdog {
  readonly #limitMs: number;
  readonly #onBlocked: () => void;
  /** The number of the code that has control, 0 for none, and the number of the code that was ended last. */
  readonly #control = new Int32Array(new SharedArrayBuffer(2 * Int32Array.BYTES_PER_ELEMENT));
  #number = 0;
  #current: Watched | undefined;
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
    if (this.#current !== watched) return;
    this.#current = undefined;
    Atomics.store(this.#control, 0, 0);
    if (Atomics.load(this.#control, 1) !== this.#number) return;
    watched.blocked(this.#limitMs / 1_000);
    this.#onBlocked();
  }

  stop(): void {
    this.#isStopped = true;
    void this.#thread?.terminate();
    this.#thread = undefined;
  }

  #start(): void {
    if (this.#isStopped || debuggerUrl() !== undefined) return;
    const workerData = { control: this.#control, tickMs: this.#limitMs / ticks, ticks };
    this.#thread = new Thread(source, { eval: true, workerData });
    // Code that was ended may have left nothing that continues.
    this.#thread.on("message", () => {
      if (this.#current !== undefined) this.leave(this.#current);
    });
    // A listener keeps the process alive, so this call comes last.
    this.#thread.unref();
  }
}
