/**
 * A thread that answers requests.
 *
 * 1. It is started with the first request, and keeps no process alive while no request waits.
 * 2. When it dies, waiting requests are refused, and the next request starts another thread: the state is in its files.
 * 3. It ends after a while without a request: a thread of Node takes 10 MiB. Requests that meet its end wait for the
 *    next thread, in their order. Two threads never have the same files open.
 */
import { Worker } from "node:worker_threads";
import { errorFromUnknown, fromProblem, type Problem, systemTimers, type Timers } from "@tutti/kernel";

/** Answer of the thread: one for each request, by its number. */
export type ThreadAnswer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly problem: Problem };

export interface RequestThreadOptions {
  readonly name: string;
  readonly file: URL;
  readonly workerData?: unknown;
  /** Heap for short-lived objects. The default of Node lets it grow to more than everything else in such a thread. */
  readonly youngMb: number;
  /** The error for waiters when it dies. */
  readonly deathError: (reason: string) => Error;
  /** Ends the thread after so long without a request. Default: 20 s. */
  readonly idleMs?: number;
  /** Whether the thread may end: false while it has state between two requests. Default: always true. */
  readonly mayEnd?: () => boolean;
  readonly timers?: Pick<Timers, "after">;
}

/** Long enough that work which repeats within seconds does not start a thread each time. */
const defaultIdleMs = 20_000;

interface Posted<Message> {
  readonly message: Message;
  readonly transfer: readonly ArrayBuffer[];
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** @typeParam Message messages that the thread understands */
export class RequestThread<Message> {
  readonly #options: RequestThreadOptions;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #ended: Promise<void> = Promise.resolve();
  #starts = 0;
  #ids = 0;
  /** Requests that arrive while an idle thread ends. Undefined while none ends. */
  #delayed: Posted<Message>[] | undefined;
  #isIdleWatched = false;
  #wasUsed = false;

  constructor(options: RequestThreadOptions) {
    this.#options = options;
  }

  /** Whether it runs. */
  get isStarted(): boolean {
    return this.#worker !== undefined && this.#delayed === undefined;
  }

  /**
   * Number of the running thread: another number means another thread without any earlier messages. Starts a thread if
   * none runs.
   */
  started(): number {
    if (this.#delayed !== undefined) return this.#starts + 1;
    this.#running();
    return this.#starts;
  }

  /** Posts a message that gets no answer. */
  post(message: Message): void {
    this.#post(message, []);
  }

  request(message: (id: number) => Message, transfer: readonly ArrayBuffer[] = []): Promise<unknown> {
    const id = ++this.#ids;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      this.#post(message(id), transfer).ref();
    });
  }

  /**
   * Ends the thread in any state. A caller that learns of the end and sends another request has started another thread.
   */
  async terminate(): Promise<void> {
    const ended = this.#ended;
    if (this.#delayed !== undefined) {
      this.#delayed = [];
      this.#refuseAll("it was stopped");
    }
    await this.#worker?.terminate();
    await ended;
  }

  #post(message: Message, transfer: readonly ArrayBuffer[]): Worker {
    const worker = this.#running();
    this.#wasUsed = true;
    if (this.#delayed !== undefined) this.#delayed.push({ message, transfer });
    else worker.postMessage(message, [...transfer]);
    return worker;
  }

  #running(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const { file, name, workerData, youngMb } = this.#options;
    const resourceLimits = { maxYoungGenerationSizeMb: youngMb };
    const worker = new Worker(file, { name, workerData, resourceLimits });
    this.#worker = worker;
    this.#starts++;
    let reason = "it was stopped";
    worker.on("message", (answer: ThreadAnswer) => this.#answered(worker, answer));
    worker.on("error", (error) => {
      reason = errorFromUnknown(error).message;
    });
    this.#ended = new Promise((resolve) => {
      worker.on("exit", () => {
        this.#worker = undefined;
        const delayed = this.#delayed;
        this.#delayed = undefined;
        if (delayed === undefined) this.#refuseAll(reason);
        else this.#continueWith(delayed);
        resolve();
      });
    });
    return worker;
  }

  #continueWith(delayed: readonly Posted<Message>[]): void {
    for (const { message, transfer } of delayed) this.#post(message, transfer);
    if (this.#waiting.size > 0) this.#running().ref();
  }

  #refuseAll(reason: string): void {
    const waiting = [...this.#waiting.values()];
    this.#waiting.clear();
    for (const { reject } of waiting) reject(this.#options.deathError(reason));
  }

  /** One timer for many requests: a busy thread answers thousands a second. */
  #watchIdle(worker: Worker): void {
    if (this.#isIdleWatched) return;
    this.#isIdleWatched = true;
    this.#wasUsed = false;
    const { idleMs = defaultIdleMs, mayEnd = () => true, timers = systemTimers } = this.#options;
    timers.after(idleMs, () => {
      this.#isIdleWatched = false;
      if (this.#worker !== worker || this.#waiting.size > 0) return;
      if (this.#wasUsed || !mayEnd()) return this.#watchIdle(worker);
      this.#delayed = [];
      void worker.terminate();
    });
  }

  #answered(worker: Worker, answer: ThreadAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) {
      worker.unref();
      this.#watchIdle(worker);
    }
    if ("problem" in answer) waiting?.reject(fromProblem(answer.problem));
    else waiting?.resolve(answer.result);
  }
}
