/**
 * The thread that keeps the book of the audit: hashing and packing take longer than others should wait. It is started with the first
 * question. When it dies, what waits is refused, and the next question starts another.
 */
import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { Worker } from "node:worker_threads";
import { errorFromUnknown, fromProblem } from "@tutti/kernel";
import { auditErrors } from "../errors.ts";
import type {
  BookAnswer,
  BookAsked,
  BookCall,
  BookStreams,
  FromThread,
  ThreadOrders,
  ToThread,
} from "./messages.ts";

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Without the number, which is given here. */
type Question = ToThread extends infer Each ? (Each extends ToThread ? Omit<Each, "id"> : never) : never;

export class AuditThread {
  readonly #orders: ThreadOrders;
  readonly #waiting = new Map<number, Waiting>();
  #worker: Worker | undefined;
  #ended: Promise<void> = Promise.resolve();
  #ids = 0;

  constructor(orders: ThreadOrders) {
    this.#orders = orders;
  }

  async start(): Promise<void> {
    await mkdir(dirname(this.#orders.file), { recursive: true, mode: 0o700 });
  }

  /** What is under way in the book is done before: it answers one question after the other. */
  async stop(): Promise<void> {
    if (this.#worker === undefined) return;
    await this.#ask({ kind: "records" }).catch(() => {});
    await this.#worker?.terminate();
    await this.#ended;
  }

  async call<Call extends BookCall>(call: Call, ...values: BookAsked<Call>): Promise<BookAnswer<Call>> {
    return (await this.#ask({ kind: "call", call, values })) as BookAnswer<Call>;
  }

  /** How many records are under checkpoints. */
  async records(): Promise<number> {
    return (await this.#ask({ kind: "records" })) as number;
  }

  /** Parts are made as they are taken. */
  async *stream<Name extends keyof BookStreams>(
    stream: Name,
    wish: BookStreams[Name]["wish"],
  ): AsyncGenerator<BookStreams[Name]["part"], void> {
    const of = this.#ids + 1;
    await this.#ask({ kind: "begin", stream, wish });
    try {
      for (;;) {
        const part = await this.#ask({ kind: "next", of });
        if (part === undefined) return;
        yield part as BookStreams[Name]["part"];
      }
    } finally {
      await this.#ask({ kind: "end", of }).catch(() => {});
    }
  }

  #ask(question: Question): Promise<unknown> {
    const worker = this.#started();
    const id = ++this.#ids;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      worker.ref();
      worker.postMessage({ ...question, id });
    });
  }

  #started(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(threadFile(), { name: "audit", workerData: this.#orders, resourceLimits });
    this.#worker = worker;
    let reason = "it was ended";
    worker.on("message", (answer: FromThread) => this.#answered(worker, answer));
    worker.on("error", (error) => {
      reason = errorFromUnknown(error).message;
    });
    this.#ended = new Promise((resolve) => {
      worker.on("exit", () => {
        this.#worker = undefined;
        const waiting = [...this.#waiting.values()];
        this.#waiting.clear();
        for (const { reject } of waiting) reject(auditErrors.threadGone({ reason }));
        resolve();
      });
    });
    return worker;
  }

  #answered(worker: Worker, answer: FromThread): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    // An idle thread keeps no process alive.
    if (this.#waiting.size === 0) worker.unref();
    if ("problem" in answer) waiting?.reject(fromProblem(answer.problem));
    else waiting?.resolve(answer.result);
  }
}

/** What dies young is little here; the default lets it grow to more than everything else in the thread. */
const resourceLimits = { maxYoungGenerationSizeMb: 8 };

/** Beside this file; in a bundle, beside the bundle. */
function threadFile(): URL {
  if (import.meta.url.endsWith(".ts")) return new URL("./worker.ts", import.meta.url);
  const bundled = "./audit-worker.mjs";
  return new URL(bundled, import.meta.url);
}
