import { Worker } from "node:worker_threads";
import { programFileOf } from "@tutti/kernel";
import { hashBytes } from "../batch/hash.ts";
import { reasonOf } from "../disk/disk.ts";
import type { GroupBuffer } from "./group.ts";
import type { WriterHost } from "./host.ts";
import type { SegmentSizes } from "./segment-files.ts";
import { closing, word, words } from "./shared.ts";
import { type CommitFailure, type CommitResult, durableAt, type LogState } from "./writer.ts";

/** What the journal's thread is started with. */
export interface WorkerOrders {
  readonly directory: string;
  readonly sizes: SegmentSizes;
  readonly log: LogState;
  readonly control: Int32Array;
  readonly buffers: readonly SharedArrayBuffer[];
  readonly hashes: Uint8Array;
}

/**
 * The writer in a thread of its own.
 *
 * 1. Of an order the words are written before the counter is raised, and of an answer before the message is posted.
 *    Both order memory, so neither side reads half of what the other wrote.
 * 2. When the thread dies, what was under way is unknown and everything after it is refused. No caller waits for ever.
 */
export class WorkerHost implements WriterHost {
  readonly hashes: Uint8Array;
  readonly #control = new Int32Array(new SharedArrayBuffer(words * 4));
  readonly #buffers: SharedArrayBuffer[] = [];
  readonly #start: () => Worker;
  #worker: Worker | undefined;
  #ended: Promise<void> = Promise.resolve();
  #done: ((result: CommitResult) => void) | undefined;
  #failed: string | undefined;

  /** The thread's file is another one only in tests. */
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
    const control = this.#control;
    const orders: WorkerOrders = { directory, sizes, log, control, buffers: this.#buffers, hashes };
    this.#start = () => new Worker(file, { name: "journal", workerData: orders });
  }

  memory(bytes: number): SharedArrayBuffer {
    const buffer = new SharedArrayBuffer(bytes);
    this.#buffers.push(buffer);
    return buffer;
  }

  /**
   * Starts the thread, with the memory that was asked for so far. Its first message says that it is there: that it is
   * online means only that it starts to load its file.
   */
  start(): Promise<void> {
    const worker = this.#start();
    this.#worker = worker;
    worker.on("error", (error) => this.#fail(`the journal's thread failed: ${reasonOf(error)}`));
    this.#ended = new Promise((resolve) => {
      worker.on("exit", () => {
        this.#fail("the journal's thread has ended");
        resolve();
      });
    });
    return new Promise((resolve, reject) => {
      worker.once("error", reject);
      worker.once("exit", () =>
        reject(new Error("expected the journal's thread to start, found that it ended")),
      );
      worker.once("message", () => {
        worker.on("message", (failure: CommitFailure | undefined) =>
          this.#settle(failure ?? this.#durable()),
        );
        resolve();
      });
    });
  }

  commit(group: GroupBuffer, done: (result: CommitResult) => void): void {
    this.#done = done;
    if (this.#failed !== undefined) {
      const failure = { kind: "unknown", reason: this.#failed } as const;
      queueMicrotask(() => this.#settle(failure));
      return;
    }
    // The cast: the journal fills no groups but those whose memory came from here.
    const memory = group.bytes.buffer as SharedArrayBuffer;
    this.#control[word.length] = group.length;
    this.#control[word.batches] = group.batches;
    this.#order(this.#buffers.indexOf(memory));
  }

  async close(): Promise<void> {
    if (this.#worker === undefined) return;
    this.#order(closing);
    await this.#ended;
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
