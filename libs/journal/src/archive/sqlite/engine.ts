import { assert, type Clock, type InstanceKey } from "@tutti/kernel";
import { fileDisk } from "../../disk/file-disk.ts";
import type { JournalBatch } from "../../port.ts";
import { keyOfPrefix } from "../../records/record-key.ts";
import { type LocatedBatches, readLocated } from "../../segments/located.ts";
import { archiveErrors } from "../errors.ts";
import { type PackedPage, packPage } from "../outstanding-page.ts";
import type {
  ArchiveFigures,
  DueInstance,
  HistoryQuery,
  HistoryRecord,
  LoadResult,
  Opening,
  RecordPlace,
  Search,
  SearchPage,
} from "../port.ts";
import { Committer, type EncodedChanges } from "./committer.ts";
import { ArchiveDatabase } from "./database.ts";
import type { RecordGroup } from "./history/groups.ts";
import { type GroupOwner, History, type PackedEnd } from "./history/history.ts";
import { state } from "./index/block-info.ts";
import { Blocks, type LinePlace } from "./index/blocks.ts";
import { field, keyAt, lastAt, numberAt } from "./index/lines.ts";
import { type InstanceRow, Instances, stage } from "./instances.ts";
import { KeyFilter } from "./key-filter.ts";
import { keyHash } from "./key-hash.ts";
import { ProgressRows } from "./progress-rows.ts";
import { Purge } from "./purge.ts";
import { RecentlyEnded } from "./recently-ended.ts";
import { instanceId } from "./schema.ts";
import { searchBlocks } from "./search.ts";

/**
 * The archive on SQLite, all of it synchronous: it runs in a thread of its own, or in the caller's for tests.
 *
 * 1. State in memory is derived from the tables when the engine is opened, and again after a failed transaction. It is
 *    the progress of partitions, facts about blocks, and recently ended instances.
 */
export class ArchiveEngine {
  readonly #database: ArchiveDatabase;
  readonly #progressRows: ProgressRows;
  readonly #instances: Instances;
  readonly #blocks: Blocks;
  readonly #history: History;
  readonly #recent: RecentlyEnded;
  readonly #committer: Committer;
  readonly #purge: Purge;

  /** Opens a file, or creates one. */
  static open(file: string, clock: Clock, access: "write" | "read" = "write"): ArchiveEngine {
    const database = new ArchiveDatabase(file, access);
    try {
      return new ArchiveEngine(database, clock);
    } catch (error) {
      database.close();
      throw error;
    }
  }

  private constructor(database: ArchiveDatabase, clock: Clock) {
    this.#database = database;
    this.#progressRows = new ProgressRows(database);
    this.#instances = new Instances(database);
    this.#blocks = new Blocks(database);
    this.#history = new History(database);
    this.#recent = new RecentlyEnded();
    const tables = {
      database,
      progressRows: this.#progressRows,
      instances: this.#instances,
      blocks: this.#blocks,
      history: this.#history,
      recent: this.#recent,
    };
    this.#purge = new Purge(tables, clock);
    this.#committer = new Committer(tables, this.#purge);
    this.#load();
  }

  opening(partition: number): Opening {
    const { coveredTo, packedTo, snapshot } = this.#progressRows.of(partition);
    return { coveredTo, packedTo, partitionSnapshot: snapshot };
  }

  commit(partition: number, changes: EncodedChanges): void {
    this.#transaction(() => this.#committer.commit(partition, changes));
  }

  /** Executes several commits in one transaction. */
  commitAll(commits: readonly (readonly [partition: number, changes: EncodedChanges])[]): void {
    this.#transaction(() => {
      for (const [partition, changes] of commits) this.#committer.commit(partition, changes);
    });
  }

  load(partition: number, keys: readonly InstanceKey[]): LoadResult[] {
    return keys.map((key) => this.#loadOne(partition, key));
  }

  keyOf(partition: number, incarnation: number): InstanceKey | undefined {
    const row = this.#instances.get(instanceId(partition, incarnation));
    if (row !== undefined) return row.key;
    const place = this.#blocks.placeOfIncarnation(partition, incarnation);
    if (place === undefined || stateOf(place) !== state.present) return;
    return keyAt(this.#blocks.parts.some(place.block.id, [place.line]), 0);
  }

  due(partition: number, beforeMs: number, limit: number, after?: DueInstance): DueInstance[] {
    return this.#instances.due(partition, beforeMs, limit, after);
  }

  nextDueMs(partition: number): number | undefined {
    return this.#instances.nextDueMs(partition);
  }

  outstanding(partition: number, after: number, limit: number): PackedPage {
    return packPage(this.#instances.outstanding(partition, after, limit));
  }

  /**
   * Returns the batch up to which the partition is packed. If nothing of it is kept, none of its records will ever be
   * requested. Then it counts as packed up to the given batch without a read.
   */
  passOver(partition: number, upTo: number): number {
    const progress = this.#progressRows.of(partition);
    const { packedTo, coveredTo } = progress;
    assert(upTo <= coveredTo, "only covered batches are packed", { upTo, coveredTo });
    if (upTo <= packedTo || this.#recent.some(partition) || this.#instances.some(partition)) return packedTo;
    this.#transaction(() => {
      progress.packedTo = upTo;
      this.#progressRows.store(progress);
    });
    return upTo;
  }

  /** Packs these batches, which follow the packed ones. Empty if there are no more to pack now. */
  pack(partition: number, batches: readonly JournalBatch[]): void {
    const progress = this.#progressRows.of(partition);
    const last = batches.at(-1)?.number ?? 0;
    assert(
      batches[0]?.number === progress.packedTo + 1 && last <= progress.coveredTo,
      "batches are packed in order, and not before they are covered",
      { first: batches[0]?.number, last, packedTo: progress.packedTo, coveredTo: progress.coveredTo },
    );
    this.#transaction(() => {
      const known = new KnownIds(this.#instances);
      const ends = this.#history.pack(partition, batches, (group) => this.#ownerOf(partition, group, known));
      for (const end of ends) this.#packed(partition, end);
      this.#history.packed.flush();
      progress.packedTo = last;
      this.#recent.evict(partition, last);
      this.#progressRows.store(progress);
    });
  }

  /** Packs at least one of the batches located in the files of a journal. Returns the last one packed. */
  packLocated(partition: number, located: LocatedBatches): number {
    const batches = readLocated(fileDisk(located.directory, "read"), located, packedBytes);
    assert(batches.length > 0, "batches that are located are there", {
      from: located.from,
      upTo: located.upTo,
    });
    this.pack(partition, batches);
    return this.#progressRows.of(partition).packedTo;
  }

  settle(partition: number): number {
    if (!this.#database.checkpointLog()) {
      throw archiveErrors.failed({ reason: "another reader of the file that is to be replaced" });
    }
    const { coveredTo, packedTo } = this.#progressRows.of(partition);
    return Math.min(coveredTo, packedTo);
  }

  page(partition: number, query: HistoryQuery): HistoryRecord[] {
    const end = this.#packedEnd(partition, query.key, query.last);
    if (end === undefined) return [];
    const { incarnation, packed, events } = end;
    return this.#history.page(instanceId(partition, incarnation), partition, packed, events, query);
  }

  /** Searches all partitions except the released ones. */
  search(search: Search, released: readonly number[]): Omit<SearchPage, "indexedToMs"> {
    return searchBlocks(this.#blocks, search, new Set(released));
  }

  /** Runs a slice of upkeep. Returns whether there is more. */
  purge(nowMs: number): boolean {
    return this.#transaction(() => this.#purge.slice(nowMs)) || this.#database.vacuum(vacuumedAtOnce);
  }

  /**
   * Returns a time before which `purge` finds nothing, provided that it just found nothing and nothing is written
   * meanwhile.
   */
  nextPurgeMs(): number {
    let nextMs = Number.POSITIVE_INFINITY;
    for (const block of this.#blocks.all()) {
      const isCovered = block.waitsFor <= this.#progressRows.of(block.partition).coveredTo;
      if (isCovered) nextMs = Math.min(nextMs, block.nextMs);
    }
    return nextMs;
  }

  figures(): ArchiveFigures {
    const progress = [...this.#progressRows.all()];
    return {
      bytes: this.#database.bytes(),
      liveInstances: progress.reduce((sum, { live }) => sum + live, 0),
      endedInstances: progress.reduce((sum, { ended }) => sum + ended, 0),
      packedRows: this.#history.packed.count(),
    };
  }

  backup(file: string): Promise<void> {
    return this.#database.backup(file);
  }

  /** Returns a filter with the keys of all instances, with capacity for half as many more. */
  filterWords(): { capacity: number; count: number; words: Uint32Array } {
    const building = this.buildFilter();
    for (;;) {
      const { done, value } = building.next();
      if (done) return { capacity: value.capacity, count: value.count, words: value.words };
    }
  }

  /** Builds the filter a block at a time. */
  *buildFilter(): Generator<void, KeyFilter> {
    const blocks = [...this.#blocks.all()];
    const count = blocks.reduce((sum, block) => sum + block.count - block.dropped, 0);
    const filter = new KeyFilter(Math.max(filterCapacityMin, Math.ceil(count * filterRoom)));
    for (const { id, states } of blocks) {
      // The block was merged meanwhile: its lines are in a newer block, which is not in this list.
      if (!this.#blocks.has(id)) return yield* this.buildFilter();
      const hashes = this.#blocks.parts.hashes(id);
      for (let line = 0; line < hashes.length; line++) {
        if (states[line] !== state.dropped) filter.add(hashes[line] as number);
      }
      yield;
    }
    return filter;
  }

  /** Reads and checks everything, a slice at a time. Throws the first damage. */
  *verify(): Generator<void> {
    for (const { id } of this.#blocks.all()) {
      this.#blocks.parts.verify(id);
      this.#blocks.parts.lines(id);
      yield;
    }
    for (let after: number | undefined = -1; after !== undefined; yield) {
      after = this.#instances.verify(after, verifiedAtOnce);
    }
    yield* this.#history.packed.verify(verifiedAtOnce);
    for (let after: number | undefined = -1; after !== undefined; yield) {
      after = this.#history.solid.verify(after, verifiedAtOnce);
    }
  }

  /** Returns SQLite's findings about its file. */
  integrity(): readonly string[] {
    return this.#database.integrity();
  }

  partitionProgress(): readonly {
    partition: number;
    coveredTo: number;
    packedTo: number;
    commits: number;
  }[] {
    return [...this.#progressRows.all()].map(({ partition, coveredTo, packedTo, commits }) => {
      return { partition, coveredTo, packedTo, commits };
    });
  }

  close(): void {
    this.#database.close();
  }

  #load(): void {
    this.#progressRows.load();
    this.#blocks.load();
    this.#history.packed.load();
    this.#recent.load(this.#progressRows, this.#blocks);
  }

  #transaction<Result>(work: () => Result): Result {
    try {
      return this.#database.transaction(work);
    } catch (error) {
      this.#load();
      throw error;
    }
  }

  #loadOne(partition: number, key: InstanceKey): LoadResult {
    const hash = keyHash(key);
    const row = this.#instances.find(partition, hash, key);
    if (row?.stage === stage.live) return { kind: "nothing" };
    if (row !== undefined && row.stage !== stage.ended) {
      const snapshot = this.#instances.snapshot(row.id);
      return snapshot === undefined
        ? this.#instances.missing("snapshot", row.id)
        : { kind: "snapshot", snapshot };
    }
    const place = this.#blocks.placeOfKey(partition, hash, key);
    if (place === undefined) return { kind: "nothing" };
    const lines = this.#blocks.parts.some(place.block.id, [place.line]);
    const at = (index: number): number => numberAt(lines, index, 0);
    if (stateOf(place) === state.removed) return { kind: "tombstone", untilMs: at(field.idKeptUntil) };
    const hasRow = at(field.end) === 0 || at(field.hasRow) === 1;
    // A running instance has a row. So if none was found, its absence is damage.
    if (hasRow) this.#instances.missing("instance", instanceId(partition, at(field.incarnation)));
    const last = lastAt(lines, 0);
    return { kind: "ended", incarnation: at(field.incarnation), events: at(field.events), last };
  }

  /** A group that starts a life has its incarnation. Any other group must continue an existing history. */
  #ownerOf(partition: number, group: RecordGroup, known: KnownIds): GroupOwner | undefined {
    const { incarnation, previous, isLifeStart } = group;
    if (isLifeStart) {
      const id = instanceId(partition, incarnation);
      return this.#recent.has(partition, incarnation) || known.has(id) ? { id, incarnation } : undefined;
    }
    const row = this.#rowOf(partition, group);
    if (row?.packed.batch !== previous.batch || row.packed.index !== previous.index) return;
    return { id: row.id, incarnation: row.id - instanceId(partition, 0) };
  }

  #rowOf(partition: number, { prefix, prefixStart, prefixEnd }: RecordGroup): InstanceRow | undefined {
    const key = keyOfPrefix(prefix.subarray(prefixStart, prefixEnd));
    return this.#instances.find(partition, keyHash(key), key);
  }

  /** Records how far an instance is packed, as long as more is to come. */
  #packed(partition: number, { group, owner, last, events }: PackedEnd): void {
    const ended = this.#recent.lastOf(partition, owner.incarnation);
    const isComplete = ended !== undefined && ended.batch === last.batch && ended.index === last.index;
    if (isComplete && group.isLifeStart) return;
    const row = this.#instances.get(owner.id);
    if (row !== undefined) {
      if (isComplete && row.stage === stage.ended) this.#instances.delete(owner.id);
      else this.#instances.upsert({ ...row, packed: last, packedEvents: events });
      return;
    }
    const key = keyOfPrefix(group.prefix.subarray(group.prefixStart, group.prefixEnd));
    const known = { id: owner.id, hash: keyHash(key), version: 0, stage: stage.ended, key };
    this.#instances.upsert({ ...known, packed: last, packedEvents: events });
  }

  /** Returns the end of the packed history of an instance, found by one of its records. */
  #packedEnd(
    partition: number,
    key: InstanceKey,
    last: RecordPlace,
  ): { incarnation: number; packed: RecordPlace; events: number } | undefined {
    const exact = this.#history.at(partition, last);
    if (exact !== undefined) return { ...exact, packed: last };
    const row = this.#instances.find(partition, keyHash(key), key);
    if (row !== undefined) {
      const incarnation = row.id - instanceId(partition, 0);
      if (row.packedEvents > 0) return { incarnation, packed: row.packed, events: row.packedEvents };
      if (row.stage !== stage.endedWithSnapshot && row.stage !== stage.ended) return;
    }
    const place = this.#blocks.placeOfKey(partition, keyHash(key), key);
    if (place === undefined || stateOf(place) !== state.present) return;
    const end = lastAt(this.#blocks.parts.some(place.block.id, [place.line]), 0);
    const found = this.#history.at(partition, end);
    return found === undefined ? undefined : { ...found, packed: end };
  }
}

/**
 * Existing instances, read while none come or go. Lives start in the order of their numbers and most leave nothing. So
 * the gap that was found last usually contains the next one too.
 */
class KnownIds {
  readonly #instances: Instances;
  #gapFrom = 0;
  #gapTo = 0;

  constructor(instances: Instances) {
    this.#instances = instances;
  }

  has(id: number): boolean {
    if (id >= this.#gapFrom && id < this.#gapTo) return false;
    this.#gapFrom = id;
    this.#gapTo = this.#instances.firstFrom(id) ?? Number.POSITIVE_INFINITY;
    return this.#gapTo === id;
  }
}

function stateOf({ block, line }: LinePlace): number {
  return block.states[line] ?? state.dropped;
}

/** Bytes packed in one transaction. */
const packedBytes = 512 * 1024;
const vacuumedAtOnce = 64;
const verifiedAtOnce = 64;
const filterCapacityMin = 20_000;
const filterRoom = 1.5;
