import { existsSync } from "node:fs";
import { Worker } from "node:worker_threads";
import { fromProblem } from "@tutti/kernel";
import { reasonOf } from "../../../disk/disk.ts";
import { archiveErrors } from "../../errors.ts";
import { packPage } from "../../outstanding-page.ts";
import type { EncodedChanges } from "../committer.ts";
import type { EngineArguments, EngineCall, EngineHost, EngineResult } from "../engine-host.ts";
import { KeyFilter } from "../key-filter.ts";
import { compacted } from "./compacted.ts";
import type { FromThread, ToThread } from "./messages.ts";

interface Waiting {
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/**
 * The thread in which the archives of all services of a process live.
 *
 * 1. It is started when there is something to read or to write: an archive without a file is empty, and says so itself.
 * 2. When it dies, what waits is refused, and the next call starts another: everything that matters is in the files.
 */
export class ArchiveThread {
  readonly #file: URL;
  #worker: Worker | undefined;
  #ended: Promise<void> = Promise.resolve();
  readonly #waiting = new Map<number, Waiting>();
  readonly #open = new Set<number>();
  /** Engines that the running thread knows. */
  readonly #known = new Set<number>();
  #numbers = 0;

  /** @param file what the thread runs; another one only where its death is tested. */
  constructor(file: URL = threadFile()) {
    this.#file = file;
  }

  /** Whether it runs. */
  get isStarted(): boolean {
    return this.#worker !== undefined;
  }

  host(file: string): EngineHost {
    const engine = ++this.#numbers;
    this.#open.add(engine);
    return new ThreadHost(this, engine, file);
  }

  call(
    engine: number,
    file: string,
    call: EngineCall,
    values: readonly unknown[],
    transfer: readonly ArrayBuffer[],
  ): Promise<unknown> {
    return this.#ask(engine, file, (id) => ({ kind: "call", id, engine, call, values }), transfer);
  }

  async close(engine: number, file: string): Promise<void> {
    if (this.#known.has(engine)) await this.#ask(engine, file, (id) => ({ kind: "close", id, engine }), []);
    this.#known.delete(engine);
    this.#open.delete(engine);
    if (this.#open.size > 0) return;
    await this.#worker?.terminate();
    await this.#ended;
  }

  #ask(
    engine: number,
    file: string,
    message: (id: number) => ToThread,
    transfer: readonly ArrayBuffer[],
  ): Promise<unknown> {
    const worker = this.#started();
    if (!this.#known.has(engine)) {
      this.#known.add(engine);
      worker.postMessage({ kind: "open", engine, file } satisfies ToThread);
    }
    const id = ++this.#numbers;
    return new Promise((resolve, reject) => {
      this.#waiting.set(id, { resolve, reject });
      worker.ref();
      worker.postMessage(message(id), [...transfer]);
    });
  }

  #started(): Worker {
    if (this.#worker !== undefined) return this.#worker;
    const worker = new Worker(this.#file, { name: "archive", resourceLimits });
    this.#worker = worker;
    let reason = "it was ended";
    worker.on("message", (answer: FromThread) => this.#answered(worker, answer));
    worker.on("error", (error) => {
      reason = reasonOf(error);
    });
    this.#ended = new Promise((resolve) => {
      worker.on("exit", () => {
        this.#worker = undefined;
        this.#known.clear();
        const waiting = [...this.#waiting.values()];
        this.#waiting.clear();
        const error = archiveErrors.failed({ reason: `that its thread has gone: ${reason}` });
        for (const { reject } of waiting) reject(error);
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

/** One archive's engine in the thread. */
class ThreadHost implements EngineHost {
  readonly #thread: ArchiveThread;
  readonly #engine: number;
  readonly #file: string;
  /** There is no file, and nothing was written. */
  #isEmpty: boolean;

  constructor(thread: ArchiveThread, engine: number, file: string) {
    this.#thread = thread;
    this.#engine = engine;
    this.#file = file;
    this.#isEmpty = !existsSync(file);
  }

  async call<Call extends EngineCall>(
    call: Call,
    ...values: EngineArguments<Call>
  ): Promise<EngineResult<Call>> {
    if (this.#isEmpty) {
      if (call in ofNothing) {
        // The casts, here and below: TypeScript does not see that a call goes with its own arguments and result.
        const answer = ofNothing[call as keyof typeof ofNothing] as (
          ...given: unknown[]
        ) => EngineResult<Call>;
        return answer(...values);
      }
      this.#isEmpty = false;
    }
    const { given, transfer } = moved(call, values);
    const result = await this.#thread.call(this.#engine, this.#file, call, given, transfer);
    return result as EngineResult<Call>;
  }

  close(): Promise<void> {
    return this.#thread.close(this.#engine, this.#file);
  }
}

/** What an archive says in which there is nothing. */
const ofNothing: {
  readonly [Call in EngineCall]?: (...values: EngineArguments<Call>) => EngineResult<Call>;
} = {
  opening: () => ({ coveredTo: 0, packedTo: 0, partitionSnapshot: new Uint8Array(0) }),
  load: (_partition, keys) => keys.map(() => ({ kind: "nothing" })),
  keyOf: () => undefined,
  due: () => [],
  nextDueMs: () => undefined,
  outstanding: () => packPage([]),
  settle: () => 0,
  page: () => [],
  purge: () => false,
  figures: () => ({ bytes: 0, liveInstances: 0, endedInstances: 0, packedRows: 0 }),
  filterWords: () => {
    const { capacity, count, words } = new KeyFilter(emptyCapacity);
    return { capacity, count, words };
  },
};
const emptyCapacity = 20_000;

/** The large parts of what is handed over change hands instead of being copied. */
function moved<Call extends EngineCall>(
  call: Call,
  values: EngineArguments<Call>,
): { readonly given: readonly unknown[]; readonly transfer: readonly ArrayBuffer[] } {
  if (call === "commit") {
    const [, changes] = values as [number, EncodedChanges];
    const [first] = changes.snapshots;
    const snapshots = first?.snapshot.buffer;
    const transfer = [changes.lines.numbers.buffer];
    if (snapshots instanceof ArrayBuffer && snapshots.byteLength > 0) transfer.push(snapshots);
    return { given: values, transfer };
  }
  if (call === "pack") {
    const [partition, batches] = values as EngineArguments<"pack">;
    const { memory, copies } = compacted(batches);
    return { given: [partition, copies], transfer: [memory] };
  }
  return { given: values, transfer: [] };
}

/** What dies young is little here; the default lets it grow to more than everything else in the thread. */
const resourceLimits = { maxYoungGenerationSizeMb: 4 };

/** Beside this file; in a bundle, beside the bundle. */
function threadFile(): URL {
  if (import.meta.url.endsWith(".ts")) return new URL("./worker.ts", import.meta.url);
  const bundled = "./archive-worker.mjs";
  return new URL(bundled, import.meta.url);
}
