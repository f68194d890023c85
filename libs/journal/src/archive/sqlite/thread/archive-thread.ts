import { existsSync } from "node:fs";
import { programFileOf, systemDefer } from "@tutti/kernel";
import type { JournalBatch } from "../../../port.ts";
import { RequestThread } from "../../../threads/request-thread.ts";
import { archiveErrors } from "../../errors.ts";
import { packPage } from "../../outstanding-page.ts";
import type { LoadResult } from "../../port.ts";
import type { EncodedChanges } from "../committer.ts";
import type { EngineArguments, EngineCall, EngineHost, EngineResult } from "../engine-host.ts";
import { KeyFilter } from "../key-filter.ts";
import type { ToThread } from "./messages.ts";

/**
 * The thread of the archives of all services of a process. It is started on demand: an archive without a file is empty,
 * and answers without it.
 */
export class ArchiveThread {
  readonly #thread: RequestThread<ToThread>;
  readonly #open = new Set<number>();
  /** Engines opened in the running thread. */
  readonly #known = new Set<number>();
  /** Number of the start that they belong to. */
  #start = 0;
  #engines = 0;
  #holders = 0;

  /** @param file program of the thread. Different only in tests of its death */
  constructor(
    file: URL = programFileOf(
      import.meta.url,
      new URL("./worker.ts", import.meta.url),
      "./archive-worker.mjs",
    ),
  ) {
    const deathError = (reason: string) =>
      archiveErrors.failed({ reason: `its thread has ended: ${reason}` });
    const mayEnd = () => this.#holders === 0;
    this.#thread = new RequestThread({ name: "archive", file, youngMb: 4, deathError, mayEnd });
  }

  /** Whether the thread is running. */
  get isStarted(): boolean {
    return this.#thread.isStarted;
  }

  host(file: string): EngineHost {
    const engine = ++this.#engines;
    this.#open.add(engine);
    return new ThreadHost(this, engine, file);
  }

  /**
   * Keeps a started thread running without open archives or requests, until the returned function is called. A cluster
   * holds it, because the start of the thread is most of the duration of a takeover.
   */
  retain(): () => Promise<void> {
    const holder = ++this.#engines;
    this.#open.add(holder);
    this.#holders++;
    return () => {
      this.#holders--;
      return this.close(holder);
    };
  }

  call(
    engine: number,
    file: string,
    call: EngineCall,
    values: readonly unknown[],
    transfer: readonly ArrayBuffer[],
  ): Promise<unknown> {
    this.#announce(engine, file);
    return this.#thread.request((id) => ({ kind: "call", id, engine, call, values }), transfer);
  }

  async close(engine: number): Promise<void> {
    if (this.isStarted && this.#known.has(engine))
      await this.#thread.request((id) => ({ kind: "close", id, engine }));
    this.#known.delete(engine);
    this.#open.delete(engine);
    if (this.#open.size === 0) await this.#thread.terminate();
  }

  #announce(engine: number, file: string): void {
    const start = this.#thread.started();
    if (start !== this.#start) this.#known.clear();
    this.#start = start;
    if (this.#known.has(engine)) return;
    this.#known.add(engine);
    this.#thread.post({ kind: "open", engine, file });
  }
}

/** One archive's engine in the thread. */
class ThreadHost implements EngineHost {
  readonly #thread: ArchiveThread;
  readonly #engine: number;
  readonly #file: string;
  /** True while there is no file and nothing was written. */
  #isEmpty: boolean;
  readonly #unchanged = new Unchanged();

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
      if (call in emptyResults) {
        // The casts, here and below: TypeScript does not relate a call to its own arguments and result.
        const answer = emptyResults[call as keyof typeof emptyResults] as (
          ...args: unknown[]
        ) => EngineResult<Call>;
        return answer(...values);
      }
      this.#isEmpty = false;
    }
    // The casts: TypeScript does not relate a call to its own result.
    const known = this.#unchanged.lookup(call, values);
    if (known !== undefined) {
      // A caller that repeats its question until something changes must let the process make that change.
      await new Promise<void>(systemDefer);
      return known as EngineResult<Call>;
    }
    const written = this.#unchanged.called(call);
    const { args: given, transfer } = moved(call, values);
    const result = await this.#thread.call(this.#engine, this.#file, call, given, transfer);
    if (isRemembered(call, values)) this.#unchanged.remember(written, call, values, result);
    else if (call === "purge" && result === false) {
      const nextMs = await this.#thread.call(this.#engine, this.#file, "nextPurgeMs", [], []);
      this.#unchanged.purged(written, nextMs as number);
    }
    return result as EngineResult<Call>;
  }

  close(): Promise<void> {
    return this.#thread.close(this.#engine);
  }
}

const rememberedMax = 8;
const rememberedRowsMax = 100;
const rememberedSnapshotBytesMax = 16 * 1024;
const reads: ReadonlySet<EngineCall> = new Set([
  ...(["opening", "load", "keyOf", "due", "nextDueMs", "outstanding", "page", "search", "figures"] as const),
  ...(["backup", "filterWords", "nextPurgeMs"] as const),
]);

/** Remembers loads of a single instance only: a turn that finds none repeats its load, as does one that only reads. */
function isRemembered(call: EngineCall, values: readonly unknown[]): boolean {
  if (call === "load") return (values[1] as EngineArguments<"load">[1]).length === 1;
  return call === "figures" || call === "search";
}

/**
 * Answers of an archive since its last write. An idle platform repeats its questions every second, and each would keep
 * the thread alive.
 */
class Unchanged {
  readonly #answers = new Map<string, unknown>();
  #purgedUntilMs = Number.NEGATIVE_INFINITY;
  /** Number of writes. An answer to a question from before a write is not stored. */
  #writes = 0;

  lookup(call: EngineCall, values: readonly unknown[]): unknown {
    if (call === "purge") return (values[0] as number) < this.#purgedUntilMs ? false : undefined;
    return isRemembered(call, values) ? structuredClone(this.#answers.get(keyOf(call, values))) : undefined;
  }

  /**
   * Returns the number of writes so far, this call included. A purge that finds nothing does not count as a write: see
   * `purged`.
   */
  called(call: EngineCall): number {
    if (reads.has(call)) return this.#writes;
    this.#answers.clear();
    this.#purgedUntilMs = Number.NEGATIVE_INFINITY;
    return ++this.#writes;
  }

  remember(writes: number, call: EngineCall, values: readonly unknown[], answer: unknown): void {
    if (writes !== this.#writes || this.#answers.size >= rememberedMax) return;
    if (call === "load" && !isSmall((answer as EngineResult<"load">)[0])) return;
    const rows = call === "search" ? (answer as EngineResult<"search">).entries.length : 0;
    if (rows <= rememberedRowsMax) this.#answers.set(keyOf(call, values), structuredClone(answer));
  }

  /** A purge found nothing, and finds nothing before this moment. */
  purged(writes: number, untilMs: number): void {
    if (writes === this.#writes) this.#purgedUntilMs = untilMs;
  }
}

function isSmall(result: LoadResult | undefined): boolean {
  if (result?.kind === "snapshot") return result.snapshot.byteLength <= rememberedSnapshotBytesMax;
  return result?.kind === "nothing";
}

function keyOf(call: EngineCall, values: readonly unknown[]): string {
  return `${call} ${JSON.stringify(values)}`;
}

/** Answers of an archive without data. */
const emptyResults: {
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

/** Transfers the large parts of the arguments instead of copying them. */
function moved<Call extends EngineCall>(
  call: Call,
  values: EngineArguments<Call>,
): { readonly args: readonly unknown[]; readonly transfer: readonly ArrayBuffer[] } {
  if (call === "commit") {
    const [, changes] = values as [number, EncodedChanges];
    const [first] = changes.snapshots;
    const snapshots = first?.snapshot.buffer;
    const transfer = [changes.lines.numbers.buffer];
    if (snapshots instanceof ArrayBuffer && snapshots.byteLength > 0) transfer.push(snapshots);
    return { args: values, transfer };
  }
  if (call === "pack") {
    const [partition, batches] = values as EngineArguments<"pack">;
    const { memory, copies } = compacted(batches);
    return { args: [partition, copies], transfer: [memory] };
  }
  return { args: values, transfer: [] };
}

/**
 * Copies batches with their records into new memory. Those of a journal are views of larger memory, which would be
 * copied as a whole for each view.
 */
function compacted(batches: readonly JournalBatch[]): {
  readonly memory: ArrayBuffer;
  readonly copies: readonly JournalBatch[];
} {
  const bytes = batches.reduce((sum, { records }) => sum + records.length, 0);
  const memory = new ArrayBuffer(bytes);
  const all = new Uint8Array(memory);
  let at = 0;
  const copies = batches.map((batch) => {
    all.set(batch.records, at);
    const records = all.subarray(at, at + batch.records.length);
    at += records.length;
    // Packing needs no hash.
    return { ...batch, records, previousHash: nothing };
  });
  return { memory, copies };
}

const nothing = new Uint8Array(0);
