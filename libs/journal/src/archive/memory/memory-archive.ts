import { assert, type Clock, type InstanceKey, textOf } from "@tutti/kernel";
import type { Schedule } from "../../segments/host.ts";
import { archiveErrors } from "../errors.ts";
import { pageBytesMax } from "../outstanding-page.ts";
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
  RecordPlace,
  Search,
  SearchPage,
} from "../port.ts";
import { matches } from "../search/conditions.ts";
import { cursorOf, orderOf, type Rank, rankOf, timeOf } from "../search/order.ts";
import type { BatchSource } from "../source.ts";
import { apply, byDue, dueInstances, load, outstandingInstances, purge } from "./changes.ts";
import { MemoryArchiveStore, type StoredPartition } from "./memory-archive-store.ts";
import { endsOf, packBatch } from "./packing.ts";

/** Operations of an archive, for faults. */
export type ArchiveOperation =
  | "opening"
  | "load"
  | "keyOf"
  | "due"
  | "outstanding"
  | "commit"
  | "pack"
  | "settle"
  | "history"
  | "search"
  | "purge"
  | "figures"
  | "backup";

/** `lost`: refused, without effect. `unanswered`: refused, although it took effect. */
export type MemoryArchiveFault = "lost" | "unanswered";

export interface MemoryArchiveOptions {
  /** Number of partitions of the service. */
  readonly partitions: number;
  readonly source: BatchSource;
  readonly clock: Clock;
  readonly store?: MemoryArchiveStore;
  /** Called before each operation. A returned fault makes it fail. Default: no faults. */
  readonly fault?: (operation: ArchiveOperation) => MemoryArchiveFault | undefined;
  /** Awaited before each operation: a gate makes it slow. Default: no wait. */
  readonly pass?: (operation: ArchiveOperation) => Promise<void>;
  /** Runs an operation when its turn has come. Default: at once, behind the running one. */
  readonly schedule?: Schedule;
}

/** Maximum removals per call of `purge`. Small, so that callers learn to repeat the call. */
const purgeBatchMax = 64;

/**
 * The archive in memory, simple and slow. Like a real one, it answers later and in order, and can fail. For tests,
 * simulations, and data that need not outlive its process.
 */
export class MemoryArchive implements Archive {
  readonly store: MemoryArchiveStore;
  readonly source: BatchSource;
  readonly #options: MemoryArchiveOptions;
  readonly #partitions: readonly MemoryArchivePartition[];
  #last: Promise<unknown> = Promise.resolve();
  #state: "open" | "closed" | "crashed" = "open";

  constructor(options: MemoryArchiveOptions) {
    const { store = new MemoryArchiveStore(), partitions, source } = options;
    this.#options = options;
    this.store = store;
    this.source = source;
    this.#partitions = Array.from({ length: partitions }, (_, index) => {
      return new MemoryArchivePartition(this, index, store.partition(index));
    });
  }

  partition(partition: number): ArchivePartition {
    const found = this.#partitions[partition];
    assert(found !== undefined, "only partitions of the service are requested", { partition });
    return found;
  }

  search(search: Search): Promise<SearchPage> {
    const query = structuredClone(search);
    const indexedToMs = this.#options.clock.now();
    const released = new Set(
      this.#partitions.flatMap(({ isReleased, partition }) => (isReleased ? [partition] : [])),
    );
    return this.run("search", () => ({ ...pageOf(this.store, query, released), indexedToMs }));
  }

  purge(nowMs: number): Promise<boolean> {
    return this.run("purge", () =>
      [...this.store.partitions.values()].map((stored) => purge(stored, nowMs, purgeBatchMax)).includes(true),
    );
  }

  figures(): Promise<ArchiveFigures> {
    return this.run("figures", () => {
      const instances = [...this.store.partitions.values()].flatMap((stored) => [
        ...stored.instances.values(),
      ]);
      const present = instances.filter(({ isRemoved }) => !isRemoved);
      const live = present.filter(({ entry }) => entry.endMs === 0).length;
      const records = present.flatMap(({ history }) => history);
      return {
        bytes: records.reduce((sum, { record }) => sum + record.length, 0),
        liveInstances: live,
        endedInstances: present.length - live,
        packedRows: present.filter(({ history }) => history.length > 0).length,
      };
    });
  }

  backup(directory: string): Promise<void> {
    return this.run("backup", () => {
      this.store.backups.set(directory, this.store.copy());
    });
  }

  async close(): Promise<void> {
    if (this.#state === "open") this.#state = "closed";
    await this.#last;
  }

  /** Its process dies: pending operations never happen, and nothing is answered any more. */
  crash(): void {
    this.#state = "crashed";
  }

  /** Runs an operation after all earlier ones. */
  run<Result>(operation: ArchiveOperation, work: () => Result | Promise<Result>): Promise<Result> {
    if (this.#state === "closed") return Promise.reject(archiveErrors.closed());
    const done = this.#last.then(() => this.#execute(operation, work));
    this.#last = done.catch(() => undefined);
    return done;
  }

  async #execute<Result>(operation: ArchiveOperation, work: () => Result | Promise<Result>): Promise<Result> {
    const { pass, schedule = queueMicrotask, fault } = this.#options;
    await pass?.(operation);
    await new Promise<void>((resolve) => schedule(resolve));
    const failure = fault?.(operation);
    if (failure === "lost") throw archiveErrors.failed({ reason: "an injected fault" });
    await this.waitUnlessCrashed();
    const result = await work();
    await this.waitUnlessCrashed();
    if (failure !== undefined) throw archiveErrors.failed({ reason: "an injected fault" });
    return result;
  }

  /** Never again after a crash. */
  waitUnlessCrashed(): Promise<void> | undefined {
    return this.#state === "crashed" ? new Promise<never>(() => undefined) : undefined;
  }
}

class MemoryArchivePartition implements ArchivePartition {
  readonly #archive: MemoryArchive;
  readonly partition: number;
  readonly #stored: StoredPartition;
  #epoch = 0;
  /** Another process owns it now. */
  isReleased = false;
  /** Counts the keys in commits under way. */
  readonly #pendingKeys = new Map<string, number>();

  constructor(archive: MemoryArchive, partition: number, stored: StoredPartition) {
    this.#archive = archive;
    this.partition = partition;
    this.#stored = stored;
  }

  opening(epoch: number): Promise<Opening> {
    this.#epoch = Math.max(this.#epoch, epoch);
    this.isReleased &&= epoch < this.#epoch;
    return this.#archive.run("opening", () => {
      this.#fence(epoch);
      this.#stored.epoch = epoch;
      const { coveredTo, packedTo, partitionSnapshot } = this.#stored;
      return { coveredTo, packedTo, partitionSnapshot: partitionSnapshot.slice() };
    });
  }

  release(epoch: number): void {
    this.isReleased ||= epoch >= this.#epoch;
  }

  mayHave(key: InstanceKey): boolean {
    const text = textOf(key);
    return this.#stored.newest.has(text) || this.#pendingKeys.has(text);
  }

  load(keys: readonly InstanceKey[]): Promise<readonly LoadResult[]> {
    const requested = structuredClone(keys);
    return this.#archive.run("load", () => requested.map((key) => structuredClone(load(this.#stored, key))));
  }

  keyOf(incarnation: number): Promise<InstanceKey | undefined> {
    return this.#archive.run("keyOf", () => {
      const instance = this.#stored.instances.get(incarnation);
      return instance === undefined || instance.isRemoved ? undefined : instance.entry.key;
    });
  }

  due(beforeMs: number, limit: number, after?: DueInstance): Promise<readonly DueInstance[]> {
    const from = after === undefined ? undefined : { ...after };
    return this.#archive.run("due", () =>
      dueInstances(this.#stored)
        .filter((dueInstance) => dueInstance.dueMs <= beforeMs && byDue(dueInstance, from) > 0)
        .slice(0, limit),
    );
  }

  nextDueMs(): Promise<number | undefined> {
    return this.#archive.run("due", () => dueInstances(this.#stored)[0]?.dueMs);
  }

  outstanding(after: number, limit: number): Promise<readonly OutstandingInstance[]> {
    return this.#archive.run("outstanding", () => {
      const page: OutstandingInstance[] = [];
      let bytes = 0;
      for (const { incarnation, snapshot } of outstandingInstances(this.#stored)) {
        if (incarnation <= after) continue;
        if (page.length === limit || bytes >= pageBytesMax) break;
        page.push({ incarnation, snapshot: snapshot.slice() });
        bytes += snapshot.length;
      }
      return page;
    });
  }

  commit(epoch: number, changes: Changes): Promise<void> {
    const copy = structuredClone(changes);
    const texts = copy.entries.map(({ key }) => textOf(key));
    for (const text of texts) this.#pendingKeys.set(text, (this.#pendingKeys.get(text) ?? 0) + 1);
    const done = this.#archive.run("commit", () => {
      this.#fence(epoch);
      apply(this.#stored, copy);
    });
    const forget = (): void => {
      for (const text of texts) {
        const remaining = (this.#pendingKeys.get(text) ?? 1) - 1;
        if (remaining === 0) this.#pendingKeys.delete(text);
        else this.#pendingKeys.set(text, remaining);
      }
    };
    done.then(forget, forget);
    return done;
  }

  pack(epoch: number, upToBatch: number): Promise<void> {
    return this.#archive.run("pack", async () => {
      this.#fence(epoch);
      const stored = this.#stored;
      assert(upToBatch <= stored.coveredTo, "only covered batches are packed", {
        upToBatch,
        coveredTo: stored.coveredTo,
      });
      if (upToBatch <= stored.packedTo) return;
      const ends = endsOf(stored);
      for await (const batches of this.#archive.source(this.partition).read(stored.packedTo + 1)) {
        await this.#archive.waitUnlessCrashed();
        // Another process may have opened it during the read.
        this.#fence(epoch);
        for (const batch of batches) {
          if (batch.number > upToBatch) return;
          packBatch(stored, ends, batch);
          stored.packedTo = batch.number;
        }
      }
    });
  }

  settle(epoch: number): Promise<number> {
    return this.#archive.run("settle", () => {
      this.#fence(epoch);
      return Math.min(this.#stored.coveredTo, this.#stored.packedTo);
    });
  }

  history(query: HistoryQuery): Promise<readonly HistoryRecord[]> {
    const { key, last, afterEvent, limit } = structuredClone(query);
    return this.#archive.run("history", () => {
      const instance = this.#stored.instances.get(this.#stored.newest.get(textOf(key)) ?? 0);
      return (instance?.history ?? [])
        .filter(({ event, place }) => event > afterEvent && !isBehind(place, last))
        .slice(0, limit)
        .map((record) => structuredClone(record));
    });
  }

  /** Refuses an owner that was replaced. */
  #fence(epoch: number): void {
    const { epoch: newest } = this.#stored;
    if (epoch < newest) throw archiveErrors.fenced({ partition: this.partition, epoch, newest });
  }
}

function isBehind(place: RecordPlace, last: RecordPlace): boolean {
  return place.batch > last.batch || (place.batch === last.batch && place.index > last.index);
}

function pageOf(
  store: MemoryArchiveStore,
  search: Search,
  released: ReadonlySet<number>,
): Omit<SearchPage, "indexedToMs"> {
  const order = orderOf(search);
  const after = rankOf(search);
  const found = [...store.partitions].flatMap(([partition, { instances }]) =>
    [...instances.values()].flatMap(({ entry, isRemoved }) => {
      if (isRemoved || released.has(partition) || !matches(search, entry)) return [];
      const rank: Rank = { timeMs: timeOf(search, entry), partition, incarnation: entry.incarnation };
      return after === undefined || order(after, rank) < 0 ? [{ entry, rank }] : [];
    }),
  );
  found.sort((one, other) => order(one.rank, other.rank));
  const page = found.slice(0, search.limit);
  const last = page.at(-1);
  return {
    entries: page.map(({ entry }) => structuredClone(entry)),
    cursor: last === undefined || page.length === found.length ? "" : cursorOf(search, last.rank),
  };
}
