import { assert, type Clock, type InstanceKey } from "@tutti/kernel";
import type { JournalBatch } from "../../port.ts";
import { archiveErrors } from "../errors.ts";
import { unpackPage } from "../outstanding-page.ts";
import type {
  Archive,
  ArchiveFigures,
  ArchivePartition,
  Changes,
  DueInstance,
  HistoryQuery,
  HistoryRecord,
  LoadResult,
  Opening,
  OutstandingInstance,
  Search,
  SearchPage,
} from "../port.ts";
import type { BatchSource } from "../source.ts";
import { encodeChanges } from "./encode.ts";
import type { EngineArguments, EngineCall, EngineHost, EngineResult } from "./engine-host.ts";
import { fileOf } from "./file.ts";
import { field } from "./index/lines.ts";
import { KeyFilter } from "./key-filter.ts";
import { keyHash } from "./key-hash.ts";

export interface SqliteArchiveOptions {
  /** Number of partitions of the service. */
  readonly partitions: number;
  readonly source: BatchSource;
  readonly clock: Clock;
}

/**
 * The archive on SQLite, in the process that owns it.
 *
 * 1. The engine does everything in the order of the calls. Only work that must not wait is here: encoding commits, and
 *    the filter of keys.
 * 2. Until the filter exists, any key counts as present. The engine builds the filter. Keys committed meanwhile are
 *    added to it afterwards.
 * 3. One process has the file, so only earlier lives of a partition in the same process are fenced. Calls are executed
 *    in order, so fencing is decided at the call.
 */
export class SqliteArchive implements Archive {
  readonly source: BatchSource;
  readonly #host: EngineHost;
  readonly #clock: Clock;
  readonly #partitions: readonly SqlitePartition[];
  #filter: KeyFilter | undefined;
  /** Hashes of keys that were committed while a filter is built. */
  #meanwhile: number[] | undefined;
  #isClosed = false;

  constructor(host: EngineHost, { partitions, source, clock }: SqliteArchiveOptions) {
    this.#host = host;
    this.#clock = clock;
    this.source = source;
    this.#partitions = Array.from(
      { length: partitions },
      (_, partition) => new SqlitePartition(this, partition),
    );
    this.#buildFilter();
  }

  partition(partition: number): ArchivePartition {
    const found = this.#partitions[partition];
    assert(found !== undefined, "only partitions of the service are requested", { partition });
    return found;
  }

  async search(search: Search): Promise<SearchPage> {
    const indexedToMs = this.#clock.now();
    const released = this.#partitions.flatMap(({ isReleased, partition }) => (isReleased ? [partition] : []));
    const page = await this.call("search", structuredClone(search), released);
    return { ...page, indexedToMs };
  }

  purge(nowMs: number): Promise<boolean> {
    return this.call("purge", nowMs);
  }

  figures(): Promise<ArchiveFigures> {
    return this.call("figures");
  }

  backup(directory: string): Promise<void> {
    return this.call("backup", fileOf(directory));
  }

  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    await this.#host.close();
  }

  call<Call extends EngineCall>(call: Call, ...values: EngineArguments<Call>): Promise<EngineResult<Call>> {
    if (this.#isClosed) return Promise.reject(archiveErrors.closed());
    return this.#host.call(call, ...values);
  }

  mayHave(key: InstanceKey): boolean {
    return this.#filter?.mayHave(keyHash(key)) ?? true;
  }

  /** Adds keys that are committed from now on. */
  willHave(hashes: Float64Array): void {
    for (let index = 0; index < hashes.length; index++) {
      const hash = hashes[index] as number;
      this.#filter?.add(hash);
      this.#meanwhile?.push(hash);
    }
    const isFull = this.#filter !== undefined && this.#filter.count > this.#filter.capacity;
    if (isFull && this.#meanwhile === undefined) this.#buildFilter();
  }

  #buildFilter(): void {
    this.#meanwhile = [];
    const done = ({ capacity, words, count }: EngineResult<"filterWords">): void => {
      const filter = new KeyFilter(capacity, words, count);
      for (const hash of this.#meanwhile ?? []) filter.add(hash);
      this.#filter = filter;
      this.#meanwhile = undefined;
    };
    // Without a filter any key counts as present: slower, and correct.
    const failed = (): void => {
      this.#filter = undefined;
      this.#meanwhile = undefined;
    };
    this.call("filterWords").then(done, failed);
  }
}

class SqlitePartition implements ArchivePartition {
  readonly #archive: SqliteArchive;
  readonly partition: number;
  /** The epoch of the last owner that opened it. */
  #epoch = 0;
  /** This process does not own it at the moment. */
  isReleased = false;
  /** The last packing. They run one after the other. */
  #packing: Promise<unknown> = Promise.resolve();

  constructor(archive: SqliteArchive, partition: number) {
    this.#archive = archive;
    this.partition = partition;
  }

  async opening(epoch: number): Promise<Opening> {
    this.#fence(epoch);
    this.#epoch = epoch;
    this.isReleased = false;
    return this.#archive.call("opening", this.partition);
  }

  release(epoch: number): void {
    this.isReleased ||= epoch >= this.#epoch;
  }

  mayHave(key: InstanceKey): boolean {
    return this.#archive.mayHave(key);
  }

  load(keys: readonly InstanceKey[]): Promise<readonly LoadResult[]> {
    return this.#archive.call("load", this.partition, structuredClone(keys));
  }

  keyOf(incarnation: number): Promise<InstanceKey | undefined> {
    return this.#archive.call("keyOf", this.partition, incarnation);
  }

  due(beforeMs: number, limit: number, after?: DueInstance): Promise<readonly DueInstance[]> {
    return this.#archive.call("due", this.partition, beforeMs, limit, after);
  }

  nextDueMs(): Promise<number | undefined> {
    return this.#archive.call("nextDueMs", this.partition);
  }

  async outstanding(after: number, limit: number): Promise<readonly OutstandingInstance[]> {
    return unpackPage(await this.#archive.call("outstanding", this.partition, after, limit));
  }

  async commit(epoch: number, changes: Changes): Promise<void> {
    this.#fence(epoch);
    const encoded = encodeChanges(changes);
    const { count, numbers } = encoded.lines;
    this.#archive.willHave(numbers.subarray(field.hash * count, (field.hash + 1) * count));
    return this.#archive.call("commit", this.partition, encoded);
  }

  pack(epoch: number, upToBatch: number): Promise<void> {
    const done = this.#packing.then(() => this.#pack(epoch, upToBatch));
    this.#packing = done.catch(() => undefined);
    return done;
  }

  async settle(epoch: number): Promise<number> {
    this.#fence(epoch);
    return this.#archive.call("settle", this.partition);
  }

  history(query: HistoryQuery): Promise<readonly HistoryRecord[]> {
    return this.#archive.call("page", this.partition, structuredClone(query));
  }

  async #pack(epoch: number, upToBatch: number): Promise<void> {
    this.#fence(epoch);
    const packedTo = await this.#archive.call("passOver", this.partition, upToBatch);
    if (upToBatch <= packedTo) return;
    const source = this.#archive.source(this.partition);
    for (let done = packedTo; done < upToBatch; ) {
      const located = source.locate?.(done + 1, upToBatch);
      if (located === undefined) return this.#packRead(epoch, done, upToBatch);
      this.#fence(epoch);
      done = await this.#archive.call("packLocated", this.partition, located);
    }
  }

  /** Packs batches that must be read here. */
  async #packRead(epoch: number, packedTo: number, upToBatch: number): Promise<void> {
    let slice: JournalBatch[] = [];
    let bytes = 0;
    const flush = async (): Promise<void> => {
      this.#fence(epoch);
      if (slice.length > 0) await this.#archive.call("pack", this.partition, slice);
      slice = [];
      bytes = 0;
    };
    for await (const batches of this.#archive.source(this.partition).read(packedTo + 1)) {
      for (const batch of batches) {
        if (batch.number > upToBatch) return flush();
        slice.push(batch);
        bytes += batch.records.length;
        if (bytes >= sliceBytes) await flush();
      }
    }
    await flush();
  }

  /** Refuses an owner that was replaced. */
  #fence(epoch: number): void {
    const newest = this.#epoch;
    if (epoch < newest) throw archiveErrors.fenced({ partition: this.partition, epoch, newest });
  }
}

/** Bytes packed in one transaction. */
const sliceBytes = 512 * 1024;
