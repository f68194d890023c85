import { type InstanceKey, isTuttiError } from "@tutti/kernel";
import { natsErrors } from "@tutti/nats";
import { archiveErrors } from "../archive/errors.ts";
import type {
  ArchivePartition,
  Changes,
  DueInstance,
  HistoryQuery,
  HistoryRecord,
  LoadResult,
  Opening,
  OutstandingInstance,
} from "../archive/port.ts";
import { encodeChanges } from "../archive/sqlite/encode.ts";
import { followedCache } from "./cache/following.ts";
import { type CacheParts, type PartitionCache, removeCache } from "./cache/partition-cache.ts";
import { entryKinds } from "./log/entry.ts";
import { PartitionLog } from "./log/partition-log.ts";
import { PartitionWriter } from "./partition-writer.ts";
import type { ObjectParts } from "./settings.ts";

/** Owners draw a number to distinguish their entries and objects. */
const ownersMax = 2 ** 52;

/**
 * A partition of the cluster's archive in this process, under one owner after the other.
 *
 * 1. Reads are answered from the process's own copy, which contains every acknowledged commit.
 * 2. A copy that turns out to be damaged is deleted with the next opening.
 */
export class ObjectPartition implements ArchivePartition {
  readonly #parts: ObjectParts;
  readonly #partition: number;
  readonly #file: string;
  /** The newest epoch under which it was opened here. */
  #epoch = 0;
  #writer: PartitionWriter | undefined;
  #last: Promise<unknown> = Promise.resolve();
  /** Aborts an opening without a waiter. */
  #opening = new AbortController();
  #isSuspect = false;
  #isClosed = false;

  constructor(parts: ObjectParts, partition: number, file: string) {
    this.#parts = parts;
    this.#partition = partition;
    this.#file = file;
  }

  /** The present ownership. Undefined if this process is not the owner. */
  get writer(): PartitionWriter | undefined {
    return this.#writer?.isEnded === false ? this.#writer : undefined;
  }

  async opening(epoch: number): Promise<Opening> {
    this.#checkOpen();
    this.#fence(epoch);
    const before = this.#writer;
    if (epoch > this.#epoch) {
      this.#epoch = epoch;
      void this.#closeWriter(
        archiveErrors.fenced({ partition: this.#partition, epoch: before?.epoch ?? 0, newest: epoch }),
      );
    }
    const { signal } = this.#opening;
    const opening = this.#last.then(() => this.#open(epoch, signal));
    this.#last = opening.catch(() => undefined);
    return opening;
  }

  release(epoch: number): void {
    if (epoch >= this.#epoch) void this.#closeWriter(archiveErrors.closed());
  }

  mayHave(key: InstanceKey): boolean {
    return this.#writer?.cache.view.mayHave(key) ?? true;
  }

  load(keys: readonly InstanceKey[]): Promise<readonly LoadResult[]> {
    return this.#read((view) => view.load(keys));
  }

  keyOf(incarnation: number): Promise<InstanceKey | undefined> {
    return this.#read((view) => view.keyOf(incarnation));
  }

  due(beforeMs: number, limit: number, after?: DueInstance): Promise<readonly DueInstance[]> {
    return this.#read((view) => view.due(beforeMs, limit, after));
  }

  nextDueMs(): Promise<number | undefined> {
    return this.#read((view) => view.nextDueMs());
  }

  outstanding(after: number, limit: number): Promise<readonly OutstandingInstance[]> {
    return this.#read((view) => view.outstanding(after, limit));
  }

  history(query: HistoryQuery): Promise<readonly HistoryRecord[]> {
    return this.#read((view) => view.history(query));
  }

  async commit(epoch: number, changes: Changes): Promise<void> {
    return this.#owned(epoch).commit(encodeChanges(changes));
  }

  async pack(epoch: number, upToBatch: number): Promise<void> {
    return this.#owned(epoch).pack(upToBatch);
  }

  async settle(epoch: number): Promise<number> {
    return this.#owned(epoch).settle();
  }

  /** Brings the copy up to the state of the log while another process owns it, so that a takeover is fast. */
  prepare(): Promise<void> {
    const { signal } = this.#opening;
    const preparing = this.#last.then(async () => {
      if (this.#writer !== undefined || signal.aborted) return;
      const { connection, service } = this.#parts;
      const log = new PartitionLog(connection, { service, partition: this.#partition });
      await log.refresh(signal);
      const cache = await this.#follow(log, signal);
      await cache.close();
    });
    this.#last = preparing.catch(() => undefined);
    return preparing;
  }

  /** Finishes waiting work, and closes. */
  async close(): Promise<void> {
    this.#isClosed = true;
    this.#opening.abort(archiveErrors.closed());
    await this.#last;
    await this.#writer?.finish();
  }

  async #open(epoch: number, signal: AbortSignal): Promise<Opening> {
    this.#checkOpen();
    this.#fence(epoch);
    if (this.writer?.epoch !== epoch || this.#isSuspect) {
      await this.#writer?.abort(archiveErrors.closed());
      const writer = await this.#openWriter(epoch, signal);
      if (signal.aborted) {
        await writer.abort(signal.reason);
        throw signal.reason;
      }
      this.#writer = writer;
    }
    return this.#read(() => this.#owned(epoch).cache.opening());
  }

  async #openWriter(epoch: number, signal: AbortSignal): Promise<PartitionWriter> {
    const { connection, service } = this.#parts;
    const { chance } = connection.foundation;
    const partition = this.#partition;
    const log = new PartitionLog(connection, { service, partition });
    const owner = Math.floor(chance.random() * ownersMax);
    // First all other writers are fenced. Then the log does not change any more.
    for (let isThere = false; !isThere; ) {
      const { epoch: newest, base, baseBytes, tailBytes } = await log.refresh(signal);
      if (newest > epoch) throw archiveErrors.fenced({ partition, epoch, newest });
      const body = new Uint8Array(0);
      const entry = { kind: entryKinds.opening, epoch, owner, base, baseBytes, tailBytes, body };
      isThere = (await log.append(entry, signal)) === "appended";
      if (!isThere) await log.knock(epoch, signal);
    }
    const file = this.#file;
    if (this.#isSuspect) await removeCache(file);
    this.#isSuspect = false;
    const cache = await this.#follow(log, signal);
    return new PartitionWriter({ ...this.#parts, partition, epoch, owner, log, cache, file });
  }

  /** Applies the log to the copy. Retries without an answer, from where it stopped. */
  async #follow(log: PartitionLog, signal: AbortSignal): Promise<PartitionCache> {
    const { connection, partitions, host, source, objects } = this.#parts;
    const { clock } = connection.foundation;
    const parts: CacheParts = {
      file: this.#file,
      partition: this.#partition,
      partitions,
      host,
      source,
      clock,
    };
    for (let failures = 1; ; failures++) {
      signal.throwIfAborted();
      try {
        return await followedCache(parts, log, objects);
      } catch (error) {
        if (!natsErrors.unavailable.is(error)) throw error;
      }
      await connection.pause(failures, signal);
    }
  }

  #closeWriter(reason: unknown): Promise<void> {
    this.#opening.abort(reason);
    this.#opening = new AbortController();
    const writer = this.#writer;
    this.#writer = undefined;
    if (writer === undefined) return Promise.resolve();
    const ended = writer.abort(reason).catch(() => undefined);
    this.#last = Promise.all([this.#last, ended]);
    return ended;
  }

  async #read<Result>(read: (view: ArchivePartition) => Promise<Result>): Promise<Result> {
    this.#checkOpen();
    const writer = this.#writer;
    if (writer === undefined) throw archiveErrors.closed();
    try {
      return await read(writer.cache.view);
    } catch (error) {
      this.#isSuspect ||= isTuttiError(error) && archiveErrors.damaged.is(error);
      throw error;
    }
  }

  #owned(epoch: number): PartitionWriter {
    this.#checkOpen();
    this.#fence(epoch);
    if (this.#writer === undefined) throw archiveErrors.closed();
    return this.#writer;
  }

  #checkOpen(): void {
    if (this.#isClosed) throw archiveErrors.closed();
  }

  /** Refuses an owner that was replaced in this process. The log refuses owners in other processes. */
  #fence(epoch: number): void {
    const newest = this.#epoch;
    if (epoch < newest) throw archiveErrors.fenced({ partition: this.#partition, epoch, newest });
  }
}
