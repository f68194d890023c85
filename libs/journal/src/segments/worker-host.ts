import { Worker } from "node:worker_threads";
import { programFileOf, reasonOf, systemTimers } from "@tutti/kernel";
import { hashBytes } from "../batch/hash.ts";
import { fileDisk } from "../disk/file-disk.ts";
import type { GroupBuffer } from "./group.ts";
import type { WriterHost } from "./host.ts";
import type { SegmentSizes } from "./segment-files.ts";
import { closing, pausing, word, wordCount } from "./shared.ts";
import { type CommitFailure, type CommitResult, durableAt, type LogState, SegmentWriter } from "./writer.ts";

/** Start arguments of the journal's thread. */
export interface WorkerOrders {
  readonly directory: string;
  readonly sizes: SegmentSizes;
  readonly log: LogState;
  readonly control: Int32Array;
  readonly buffers: readonly SharedArrayBuffer[];
  readonly hashes: Uint8Array;
  /** Number of orders that earlier threads have executed. */
  readonly executed: number;
}

/** Message of the thread: a group is durable, a failure, or the log that it hands over. */
export type FromWorker = undefined | CommitFailure | { readonly kind: "paused"; readonly log: LogState };

/** The first append after a pause waits for the start of a thread: 20 to 100 ms. */
const idleMs = 60_000;

/**
 * The writer in a thread of its own.
 *
 * 1. The words of an order are written before the counter is raised, and those of an answer before the message is
 *    posted. Both order memory, so neither side reads a half-written state.
 * 2. When the thread dies, the group under way is unknown and everything after it is refused. No caller waits for ever.
 * 3. A thread without orders ends, because it takes 10 MiB. It closes the file before it hands over the log, and the
 *    next order starts another thread with that log. So one thread at a time writes.
 */
export class WorkerHost implements WriterHost {
  readonly hashes: Uint8Array;
  readonly #control = new Int32Array(new SharedArrayBuffer(wordCount * 4));
  readonly #buffers: SharedArrayBuffer[] = [];
  readonly #directory: string;
  readonly #sizes: SegmentSizes;
  readonly #file: URL;
  /** State of the log for the next thread. */
  #log: LogState;
  #worker: Worker | undefined;
  #ended: Promise<void> = Promise.resolve();
  #done: ((result: CommitResult) => void) | undefined;
  /** A group that came while the thread was ending. */
  #delayed: GroupBuffer | undefined;
  #isPausing = false;
  #isIdleWatched = false;
  #wasOrdered = false;
  #isClosed = false;
  #failed: string | undefined;

  /** The thread's file differs only in tests. */
  constructor(
    directory: string,
    sizes: SegmentSizes,
    log: LogState,
    file: URL = programFileOf(
      import.meta.url,
      new URL("./worker.ts", import.meta.url),
      "./journal-worker.mjs",
    ),
  ) {
    const hashes = new Uint8Array(new SharedArrayBuffer(log.partitions.length * hashBytes));
    hashes.set(log.ends.hashes);
    this.hashes = hashes;
    this.#directory = directory;
    this.#sizes = sizes;
    this.#log = log;
    this.#file = file;
  }

  memory(bytes: number): SharedArrayBuffer {
    const buffer = new SharedArrayBuffer(bytes);
    this.#buffers.push(buffer);
    return buffer;
  }

  /**
   * Starts the thread with the memory requested so far. Orders wait in shared memory until it reads them, so the start
   * of a process does not wait for the thread. If it cannot start, all orders are refused.
   */
  start(): void {
    this.#startThread();
    this.#watchIdle();
  }

  #startThread(): void {
    const control = this.#control;
    const orders: WorkerOrders = {
      directory: this.#directory,
      sizes: this.#sizes,
      log: this.#log,
      control,
      buffers: this.#buffers,
      hashes: this.hashes,
      executed: control[word.ordered] ?? 0,
    };
    const worker = new Worker(this.#file, { name: "journal", workerData: orders });
    this.#worker = worker;
    worker.on("error", (error) => this.#fail(`the journal's thread failed: ${reasonOf(error)}`));
    this.#ended = new Promise((resolve) => {
      worker.on("exit", () => {
        if (this.#worker === worker) this.#fail("the journal's thread has ended");
        resolve();
      });
    });
    worker.on("message", (message: FromWorker) => {
      if (message?.kind === "paused") this.#paused(message.log);
      else this.#settle(message ?? this.#durable());
      // This thread writes nothing more, and no other thread may.
      if (message?.kind === "unknown") this.#failed ??= message.reason;
    });
  }

  commit(group: GroupBuffer, done: (result: CommitResult) => void): void {
    this.#done = done;
    if (this.#failed !== undefined) {
      const failure = { kind: "unknown", reason: this.#failed } as const;
      queueMicrotask(() => this.#settle(failure));
      return;
    }
    if (this.#isPausing) this.#delayed = group;
    else this.#send(group);
  }

  #send(group: GroupBuffer): void {
    if (this.#worker === undefined) this.#startThread();
    this.#watchIdle();
    this.#wasOrdered = true;
    // The cast: the journal fills only groups whose memory came from here.
    const memory = group.bytes.buffer as SharedArrayBuffer;
    this.#control[word.length] = group.length;
    this.#control[word.batches] = group.batches;
    this.#order(this.#buffers.indexOf(memory));
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    const worker = this.#worker;
    if (worker !== undefined) {
      if (!this.#isPausing) this.#order(closing);
      await this.#ended;
    }
    // Without a thread nothing else writes: see SegmentWriter.close.
    if (this.#worker === undefined && this.#failed === undefined)
      new SegmentWriter(fileDisk(this.#directory), this.#sizes, this.#log).close();
  }

  /** One timer for many orders. */
  #watchIdle(): void {
    if (this.#isIdleWatched) return;
    this.#isIdleWatched = true;
    this.#wasOrdered = false;
    systemTimers.after(idleMs, () => {
      this.#isIdleWatched = false;
      if (this.#worker === undefined || this.#failed !== undefined || this.#isClosed) return;
      if (this.#wasOrdered || this.#done !== undefined) return this.#watchIdle();
      this.#isPausing = true;
      this.#order(pausing);
    });
  }

  #paused(log: LogState): void {
    this.#log = log;
    this.#worker = undefined;
    this.#isPausing = false;
    const delayed = this.#delayed;
    this.#delayed = undefined;
    if (delayed !== undefined) this.#send(delayed);
  }

  #order(buffer: number): void {
    this.#control[word.buffer] = buffer;
    Atomics.add(this.#control, word.ordered, 1);
    Atomics.notify(this.#control, word.ordered);
  }

  #durable(): CommitResult {
    const control = this.#control;
    return durableAt(control[word.segment] ?? 0, control[word.offset] ?? 0, control[word.segmentBytes] ?? 0);
  }

  #fail(reason: string): void {
    this.#failed ??= reason;
    this.#settle({ kind: "unknown", reason: this.#failed });
  }

  #settle(result: CommitResult): void {
    const done = this.#done;
    this.#done = undefined;
    done?.(result);
  }
}
