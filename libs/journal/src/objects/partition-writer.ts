/**
 * The archive of a partition under one owner: writes commits, packs and removals to the log, and applies them to the
 * process's own copy.
 *
 * 1. Operations run one after the other in the order of the calls: first the log, then the copy, then the answer.
 *    Waiting operations are written together.
 * 2. If no server is available it retries, as long as this owner is not replaced.
 * 3. If the log has moved, another owner has opened it: nothing more is written, and all waiting callers get the error.
 * 4. Names of objects are never reused. An object that only an older base names is removed once the newer base is in
 *    the log. Objects that no entry names are removed by the next owner that makes a base.
 */
import { assert, isTuttiError } from "@tutti/kernel";
import { natsErrors } from "@tutti/nats";
import { archiveErrors } from "../archive/errors.ts";
import type { EncodedChanges } from "../archive/sqlite/committer.ts";
import type { JournalBatch } from "../port.ts";
import { type Base, encodeBase, encodeParts, inParallel, type StoredPart, uploadBase } from "./cache/base.ts";
import { baseAt } from "./cache/following.ts";
import { type PartitionCache, removeCache } from "./cache/partition-cache.ts";
import { type EntryKind, entryKinds, hashOf } from "./log/entry.ts";
import type { LogHead, PartitionLog } from "./log/partition-log.ts";
import { encodeOperations, type Operation } from "./operations.ts";
import type { ObjectParts } from "./settings.ts";

export interface PartitionWriterParts extends ObjectParts {
  readonly partition: number;
  readonly epoch: number;
  /** Drawn for this owner only. */
  readonly owner: number;
  readonly log: PartitionLog;
  readonly cache: PartitionCache;
  /** The file of the copy. */
  readonly file: string;
}

interface Job {
  readonly kind: "commit" | "other";
  readonly changes: EncodedChanges | undefined;
  readonly work: () => Promise<unknown>;
  readonly resolve: (result: unknown) => void;
  readonly reject: (error: unknown) => void;
}

/** Maximum number of waiting commits in one entry. */
const commitsAtOnce = 64;
/** Bytes packed in one entry. */
const packBytes = 512 * 1024;

export class PartitionWriter {
  readonly epoch: number;
  readonly cache: PartitionCache;
  readonly #parts: PartitionWriterParts;
  readonly #ending = new AbortController();
  readonly #jobs: Job[] = [];
  /** Entries in the log that the copy does not contain yet, because its disk failed. */
  readonly #behind: { readonly operations: readonly Operation[]; readonly head: LogHead }[] = [];
  readonly #storedParts: { readonly sequence: number; readonly names: readonly string[] }[] = [];
  #working: Promise<void> | undefined;
  #baseWriting: Promise<void> | undefined;
  #base: Base | undefined;
  #done: LogHead;
  #names = 0;
  #baseNextBytes = 0;
  #hasSwept = false;
  #purgedMs: number | undefined;

  constructor(parts: PartitionWriterParts) {
    this.#parts = parts;
    this.epoch = parts.epoch;
    this.cache = parts.cache;
    this.#done = parts.log.head;
  }

  get isEnded(): boolean {
    return this.#ending.signal.aborted;
  }

  commit(changes: EncodedChanges): Promise<void> {
    return this.#enqueue("commit", () => Promise.resolve(), changes);
  }

  pack(upToBatch: number): Promise<void> {
    return this.#enqueue("other", () => this.#pack(upToBatch));
  }

  settle(): Promise<number> {
    return this.#enqueue("other", async () => {
      const { sequence } = this.#parts.log.head;
      const head = await this.#parts.log.refresh(this.#ending.signal);
      if (head.sequence !== sequence) throw this.#replaced(head);
      const { coveredTo, packedTo } = await this.cache.opening();
      return Math.min(coveredTo, packedTo);
    });
  }

  /** Removes a slice. Returns whether there is more. If not, the result is in the log. */
  async purge(nowMs: number): Promise<boolean> {
    try {
      return !this.isEnded && (await this.#purge(nowMs));
    } catch (error) {
      // The present owner removes it.
      if (this.isEnded) return false;
      throw error;
    }
  }

  async #purge(nowMs: number): Promise<boolean> {
    if (await this.cache.archive.purge(nowMs)) {
      this.#purgedMs = Math.max(this.#purgedMs ?? 0, nowMs);
      return true;
    }
    const purgedMs = this.#purgedMs;
    this.#purgedMs = undefined;
    if (purgedMs !== undefined) {
      const operation: Operation = { kind: "purge", nowMs: Math.floor(purgedMs) };
      await this.#enqueue("other", () => this.#write([operation]));
    }
    return false;
  }

  /** Stops writing. Waiting callers get the reason. */
  abort(reason: unknown): Promise<void> {
    this.#ending.abort(reason);
    return this.#close();
  }

  /** Finishes waiting work. If a server is missing, it is dropped. */
  async finish(): Promise<void> {
    const { connection } = this.#parts;
    const endIfDisconnected = (): void => {
      if (connection.state.kind !== "connected") this.#ending.abort(archiveErrors.closed());
    };
    const stop = connection.onState(endIfDisconnected);
    endIfDisconnected();
    await this.#working;
    stop();
    this.#ending.abort(archiveErrors.closed());
    await this.#close();
  }

  async #close(): Promise<void> {
    await this.#working;
    await this.#baseWriting;
    await this.cache.close();
  }

  #enqueue<Result>(
    kind: Job["kind"],
    work: () => Promise<Result>,
    changes?: EncodedChanges,
  ): Promise<Result> {
    const { signal } = this.#ending;
    if (signal.aborted) return Promise.reject(signal.reason);
    const done = new Promise<Result>((resolve, reject) => {
      // The cast: it is resolved with the result of the work.
      this.#jobs.push({ kind, work, changes, resolve: resolve as Job["resolve"], reject });
    });
    this.#working ??= this.#work();
    return done;
  }

  async #work(): Promise<void> {
    await Promise.resolve();
    const { signal } = this.#ending;
    for (let jobs = this.#next(); jobs.length > 0; jobs = this.#next()) {
      try {
        signal.throwIfAborted();
        const result = await this.#runAll(jobs);
        for (const { resolve } of jobs) resolve(result);
      } catch (error) {
        const reason = signal.aborted ? signal.reason : error;
        for (const { reject } of jobs) reject(reason);
      }
    }
    // Cleared before anything else runs: otherwise a job that comes a moment later would wait for the next one.
    this.#working = undefined;
  }

  #next(): Job[] {
    const [first] = this.#jobs;
    if (first === undefined) return [];
    const isOther = (job: Job): boolean => job.kind !== "commit";
    const end = this.#jobs.findIndex(isOther);
    const commits = end < 0 ? this.#jobs.length : end;
    return this.#jobs.splice(0, Math.min(commitsAtOnce, Math.max(1, commits)));
  }

  async #runAll(jobs: readonly Job[]): Promise<unknown> {
    const commits = jobs.flatMap(({ changes }) => (changes === undefined ? [] : [changes]));
    if (commits.length === 0) return jobs[0]?.work();
    await this.#write(commits.map((changes) => ({ kind: "commit", changes })));
    return;
  }

  async #pack(upToBatch: number): Promise<void> {
    const { coveredTo, packedTo } = await this.cache.opening();
    assert(upToBatch <= coveredTo, "only covered batches are packed", { upToBatch, coveredTo });
    if (upToBatch <= packedTo) return;
    let slice: JournalBatch[] = [];
    let bytes = 0;
    const flush = async (): Promise<void> => {
      if (slice.length > 0) await this.#write([{ kind: "pack", batches: slice }]);
      slice = [];
      bytes = 0;
    };
    for await (const batches of this.#parts.source(this.#parts.partition).read(packedTo + 1)) {
      for (const batch of batches) {
        if (batch.number > upToBatch) return flush();
        slice.push(batch);
        bytes += batch.records.length;
        if (bytes >= packBytes) await flush();
      }
    }
    await flush();
  }

  /** Writes to the log, then to the copy. */
  async #write(operations: readonly Operation[]): Promise<void> {
    const { log, limits } = this.#parts;
    await this.#catchUp();
    const bytes = encodeOperations(operations);
    const tailBytes = log.head.tailBytes + bytes.length;
    if (bytes.length <= limits.entryBytesMax) await this.#append(entryKinds.operations, bytes, { tailBytes });
    else {
      const parts = await this.#store(bytes);
      await this.#append(entryKinds.stored, encodeParts(parts), { tailBytes });
      this.#storedParts.push({ sequence: log.head.sequence, names: parts.map(({ name }) => name) });
    }
    this.#behind.push({ operations, head: log.head });
    await this.#catchUp();
    this.#baseWhenDue();
  }

  async #catchUp(): Promise<void> {
    for (let [next] = this.#behind; next !== undefined; [next] = this.#behind) {
      await this.cache.apply(next.operations, next.head);
      this.#done = next.head;
      this.#behind.shift();
    }
  }

  async #append(kind: EntryKind, body: Uint8Array, about: Partial<LogHead>): Promise<void> {
    const { log, epoch, owner } = this.#parts;
    const { base, baseBytes, tailBytes } = { ...log.head, ...about };
    const entry = { kind, epoch, owner, base, baseBytes, tailBytes, body };
    const { signal } = this.#ending;
    while ((await log.append(entry, signal)) === "moved") {
      const { sequence } = log.head;
      const head = await log.refresh(signal);
      // A knock of an older epoch does not count.
      if (head.sequence !== sequence || log.knocked > epoch) throw this.#replaced(head);
    }
  }

  #replaced({ epoch: newest }: LogHead): unknown {
    const { partition, epoch, log } = this.#parts;
    const error = archiveErrors.fenced({ partition, epoch, newest: Math.max(newest, log.knocked) });
    this.#ending.abort(error);
    return error;
  }

  /** Stores bytes that exceed an entry. */
  async #store(bytes: Uint8Array): Promise<StoredPart[]> {
    const { objects, limits } = this.#parts;
    const size = limits.partBytesMax;
    const parts: StoredPart[] = Array.from({ length: Math.ceil(bytes.length / size) });
    await inParallel(parts.length, async (index) => {
      const part = bytes.subarray(index * size, (index + 1) * size);
      const name = this.#nextName();
      await this.#roomFor(() => objects.put(name, part, this.#ending.signal));
      parts[index] = { name, hash: hashOf(part) };
    });
    return parts;
  }

  async #roomFor<Result>(work: () => Promise<Result>): Promise<Result> {
    try {
      return await work();
    } catch (error) {
      if (isTuttiError(error) && natsErrors.noSpace.is(error)) {
        throw archiveErrors.full({ reason: error.message });
      }
      throw error;
    }
  }

  readonly #nextName = (): string => {
    const { partition, epoch, owner } = this.#parts;
    return `${partition}.${epoch}.${owner.toString(36)}.${++this.#names}`;
  };

  #baseWhenDue(): void {
    const { limits, log, connection } = this.#parts;
    const { tailBytes, baseBytes } = log.head;
    const isDue = tailBytes >= Math.max(limits.tailBytesMin, baseBytes / 8, this.#baseNextBytes);
    if (!isDue || this.#baseWriting !== undefined || this.isEnded) return;
    this.#baseWriting = this.#writeBase().then(
      () => {
        this.#baseNextBytes = 0;
        this.#baseWriting = undefined;
      },
      (error: unknown) => {
        this.#baseWriting = undefined;
        this.#baseNextBytes = log.head.tailBytes + limits.tailBytesMin;
        if (this.isEnded) return;
        connection.foundation.logger.warn("failed to create an archive base, retrying later", {
          service: this.#parts.service,
          partition: this.#parts.partition,
          error,
        });
      },
    );
  }

  async #writeBase(): Promise<void> {
    const { log, objects, file } = this.#parts;
    const { signal } = this.#ending;
    const copy = `${file}.copy`;
    const done = this.#done;
    try {
      await removeCache(copy);
      await this.cache.copyTo(copy);
      this.#base ??= done.base === 0 ? undefined : await baseAt(log, done);
      const before = this.#base;
      const upload = () => uploadBase(objects, copy, done.sequence, before, this.#nextName, signal);
      const base = await this.#roomFor(upload);
      await this.#enqueue("other", () => {
        const tailBytes = log.head.tailBytes - done.tailBytes;
        const about = { base: log.head.sequence + 1, baseBytes: base.fileBytes, tailBytes };
        return this.#append(entryKinds.base, encodeBase(base), about);
      });
      this.#base = base;
      await log.truncate(base.followed + 1);
      await this.#removeUnnamed(before, base);
    } finally {
      await removeCache(copy);
    }
  }

  /**
   * Removes objects that only the base before named, and entries that are cut. The first time also remains of older
   * owners.
   */
  async #removeUnnamed(before: Base | undefined, base: Base): Promise<void> {
    const { objects, partition, epoch } = this.#parts;
    const named = new Set(base.parts.map(({ name }) => name));
    const obsolete = (before?.parts ?? []).map(({ name }) => name).filter((name) => !named.has(name));
    while ((this.#storedParts[0]?.sequence ?? Number.POSITIVE_INFINITY) <= base.followed) {
      obsolete.push(...(this.#storedParts.shift()?.names ?? []));
    }
    if (!this.#hasSwept) {
      const epochOf = (name: string): number => Number(name.split(".")[1]);
      for (const name of await objects.list(String(partition))) {
        // Objects of a newer owner belong to that owner, named or not.
        if (epochOf(name) < epoch && !named.has(name)) obsolete.push(name);
      }
    }
    await objects.remove([...new Set(obsolete)]);
    this.#hasSwept = true;
  }
}
