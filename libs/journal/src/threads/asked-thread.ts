/**
 * A thread that is asked questions.
 *
 * 1. It is started with the first question, and keeps no process alive while nothing is asked of it.
 * 2. When it dies, what waits is refused, and the next question starts another: what matters is in its files.
 */
import { Worker } from "node:worker_threads";
import { errorFromUnknown, fromProblem, type Problem } from "@tutti/kernel";

/** What the thread posts: one for each question, by its number. */
export type ThreadAnswer =
  | { readonly id: number; readonly result: unknown }
  | { readonly id: number; readonly problem: Problem };

export interface AskedThreadOptions {
  readonly name: string;
  readonly file: URL;
  readonly workerData?: unknown;
  /** For what dies young. The default of Node lets it grow to more than everything else in such a thread. */
  readonly youngMb: number;
  /** The error for waiters when it dies. */
  readonly gone: (reason: string) => Error;
}

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** @typeParam Message what the thread understands */
export class AskedThread<Message> {
  readonly #options: AskedThreadOptions;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #ended: Promise<void> = Promise.resolve();
  #starts = 0;
  #ids = 0;

  constructor(options: AskedThreadOptions) {
    this.#options = options;
  }

  /** Whether it runs. */
  get isStarted(): boolean {
    return this.#worker !== undefined;
  }

  /** Which one it is, counted: another number is another thread, to which nothing was told yet. It is started where none runs. */
  started(): number {
    this.#running();
    return this.#starts;
  }

  /** Says something that gets no answer. */
  post(message: Message): void {
    this.#running().postMessage(message);
  }

  request(message: (id: number) => Message, transfer: readonly ArrayBuffer[] = []): Promise<unknown> {
    const worker = this.#running();
    const id = ++this.#ids;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      worker.ref();
      worker.postMessage(message(id), [...transfer]);
    });
  }

  /** Ends it, whatever it does at the moment. A caller that learns of that and asks again has started another one. */
  async terminate(): Promise<void> {
    const ended = this.#ended;
    await this.#worker?.terminate();
    await ended;
  }

  #running(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const { file, name, workerData, youngMb, gone } = this.#options;
    const resourceLimits = { maxYoungGenerationSizeMb: youngMb };
    const worker = new Worker(file, { name, workerData, resourceLimits });
    this.#worker = worker;
    this.#starts++;
    let reason = "it was ended";
    worker.on("message", (answer: ThreadAnswer) => this.#answered(worker, answer));
    worker.on("error", (error) => {
      reason = errorFromUnknown(error).message;
    });
    this.#ended = new Promise((resolve) => {
      worker.on("exit", () => {
        this.#worker = undefined;
        const waiting = [...this.#waiting.values()];
        this.#waiting.clear();
        for (const { reject } of waiting) reject(gone(reason));
        resolve();
      });
    });
    return worker;
  }

  #answered(worker: Worker, answer: ThreadAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (this.#waiting.size === 0) worker.unref();
    if ("problem" in answer) waiting?.reject(fromProblem(answer.problem));
    else waiting?.resolve(answer.result);
  }
}

/**
 * Where the code of a thread is: beside the module that starts it. In a bundle, beside the bundle.
 *
 * @param from `import.meta.url` of that module
 */
export function threadFileOf(from: string, source: URL, bundled: string): URL {
  return from.endsWith(".ts") ? source : new URL(bundled, from);
}
