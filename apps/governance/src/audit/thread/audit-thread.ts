/** The thread that hosts the book of the audit: hashing and packing would block other work for too long. */

import { mkdir } from "node:fs/promises";
import { dirname } from "node:path";
import { RequestThread } from "@tutti/journal";
import { privateModes, programFileOf } from "@tutti/kernel";
import { auditErrors } from "../errors.ts";
import type {
  BookAnswer,
  BookArguments,
  BookCall,
  BookStreams,
  Gathered,
  PreparedOf,
  ThreadOrders,
  ToThread,
} from "./messages.ts";

/** Without the number, which is added here. */
type Question = ToThread extends infer Each ? (Each extends ToThread ? Omit<Each, "id"> : never) : never;

export class AuditThread {
  readonly #thread: RequestThread<ToThread>;
  #isStopped = false;
  /** The state of the thread between two questions: streams, and the prepared checkpoint. */
  #streams = 0;
  #isPrepared = false;

  /** Starts the thread for the book at a file, and creates its folder. */
  static async at(orders: ThreadOrders): Promise<AuditThread> {
    await mkdir(dirname(orders.file), { recursive: true, mode: privateModes.folder });
    return new AuditThread(orders);
  }

  private constructor(workerData: ThreadOrders) {
    const file = programFileOf(
      import.meta.url,
      new URL("./worker.ts", import.meta.url),
      "./audit-worker.mjs",
    );
    const deathError = (reason: string) => auditErrors.threadGone({ reason });
    const mayEnd = () => this.#streams === 0 && !this.#isPrepared;
    this.#thread = new RequestThread({
      name: "audit",
      file,
      workerData,
      youngMb: 8,
      deathError,
      mayEnd,
    });
  }

  /** Stops the thread after its present work: it answers one question after the other. */
  async stop(): Promise<void> {
    const isDone = this.#thread.isStarted ? this.records() : Promise.resolve(0);
    this.#isStopped = true;
    await isDone.catch(() => {});
    await this.#thread.terminate();
  }

  async call<Call extends BookCall>(call: Call, ...values: BookArguments<Call>): Promise<BookAnswer<Call>> {
    const answer = (await this.#request({ kind: "call", call, values })) as BookAnswer<Call>;
    if (call === "commit") this.#isPrepared = false;
    return answer;
  }

  /** Prepares the next checkpoint. Nothing of it counts before `commit`. */
  async prepare(gathered: Gathered): Promise<PreparedOf> {
    this.#isPrepared = true;
    const prepared = (await this.#request({ kind: "prepare", gathered })) as PreparedOf;
    this.#isPrepared = prepared.heads.length > 0 && !prepared.isAnchorsAlone;
    return prepared;
  }

  /** Returns how many records are under checkpoints. */
  async records(): Promise<number> {
    return (await this.#request({ kind: "records" })) as number;
  }

  /** Yields parts, each made on request. */
  async *stream<Name extends keyof BookStreams>(
    stream: Name,
    request: BookStreams[Name]["request"],
  ): AsyncGenerator<BookStreams[Name]["part"], void> {
    let of = 0;
    this.#streams++;
    try {
      await this.#sent((id) => {
        of = id;
        return { id, kind: "begin", stream, request };
      });
      for (;;) {
        const part = await this.#request({ kind: "next", of });
        if (part === undefined) return;
        yield part as BookStreams[Name]["part"];
      }
    } finally {
      await this.#request({ kind: "end", of }).catch(() => {});
      this.#streams--;
    }
  }

  #request(question: Question): Promise<unknown> {
    return this.#sent((id) => ({ ...question, id }));
  }

  /** Sends a question. A stream that ends with the thread asks once more: that must not start another one. */
  async #sent(message: (id: number) => ToThread): Promise<unknown> {
    if (this.#isStopped) throw auditErrors.threadGone({ reason: "it was ended" });
    return this.#thread.request(message);
  }
}
