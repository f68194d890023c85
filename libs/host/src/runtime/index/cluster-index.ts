/**
 * The index of a service whose partitions several processes own: each process has the index of its own partitions, so a
 * list queries all of them.
 *
 * 1. Every partition is in a page exactly once: owners return the partitions that they searched, and missing ones are
 *    requested again. A page without some partition would look complete, but is wrong.
 * 2. A search waits for a partition without an owner, as every call about it does.
 */
import type { runtimeService, SearchIndexReply } from "@tutti/contracts/runtime/v1";
import { type Archive, type FoundEntry, mergedPage, type Search, type SearchPage } from "@tutti/journal";
import { type Clock, fromTimestamp, type Timers } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import type { RuntimeOfService } from "@tutti/runtime";
import type { PartitionOwner } from "@tutti/runtime/ownership";
import { entryIn, requestOf } from "./index-wire.ts";

export interface ClusterIndexParts {
  readonly runtime: Pick<RuntimeOfService, "service" | "partitions" | "partitionOf">;
  readonly partitionOwner: Pick<PartitionOwner, "ownerOf" | "owns">;
  /** Index of the partitions that this process owns. */
  readonly own: Pick<Archive, "search">;
  readonly peers: Pick<Client<typeof runtimeService>, "searchIndex">;
}

/** Result of one process. */
interface Part {
  readonly partitions: readonly number[];
  readonly page: Pick<SearchPage, "entries" | "indexedToMs"> & { readonly isMore: boolean };
}

const answerMs = 10_000;
/**
 * Maximum wait for a slow archive. Then the list is answered with the index as it is, and `indexedToMs` shows its time.
 */
const patienceMs = 2_000;

/**
 * Maximum wait for partitions that are still being loaded. Then the list is answered without them: a partition may take
 * minutes, or never be loaded.
 */
const loadingMs = 5_000;

/** The partitions of an installation of a single process. */
export interface SolePartitions {
  readonly runtime: Pick<RuntimeOfService, "service" | "partitions" | "partitionStatuses">;
  readonly partitionOwner: Pick<PartitionOwner, "owns" | "admit">;
}

type IndexedRuntime = Pick<RuntimeOfService, "indexed" | "indexLagMs">;

/**
 * The index of the partitions that this process owns. A search first waits for all due lines, so that a caller finds
 * the run that it has started.
 *
 * 1. In a single process the first page waits for the first load of all partitions: an earlier page could lack runs, but
 *    would look complete. A partition that failed to load is not awaited. In a cluster `ClusterIndex` waits.
 * 2. `indexedToMs` is not later than the oldest line that the index lacked before the search: readers continue there.
 */
export class CurrentIndex implements Pick<Archive, "search"> {
  readonly #runtime: IndexedRuntime;
  readonly #archive: Pick<Archive, "search">;
  readonly #clock: Clock;
  readonly #timers: Timers;
  /** Undefined in a cluster, and as soon as all partitions were loaded once. */
  #unloaded: SolePartitions | undefined;

  constructor(
    runtime: IndexedRuntime,
    archive: Pick<Archive, "search">,
    { clock, timers }: { readonly clock: Clock; readonly timers: Timers },
    sole?: SolePartitions,
  ) {
    this.#runtime = runtime;
    this.#archive = archive;
    this.#clock = clock;
    this.#timers = timers;
    this.#unloaded = sole;
  }

  async search(search: Search): Promise<SearchPage> {
    if (search.cursor === "") {
      if (this.#unloaded !== undefined) await this.#loaded(this.#unloaded);
      if (!search.mayLag) await this.#indexed();
    }
    const currentToMs = this.#clock.now() - this.#runtime.indexLagMs();
    const page = await this.#archive.search(search);
    return { ...page, indexedToMs: Math.min(page.indexedToMs, currentToMs) };
  }

  async #loaded({ runtime, partitionOwner }: SolePartitions): Promise<void> {
    const { service, partitions } = runtime;
    const statuses = runtime.partitionStatuses();
    const failed = new Set(statuses.filter(({ state }) => state === "failed").map((each) => each.partition));
    const late = new AbortController();
    const timer = this.#timers.after(loadingMs, () => late.abort());
    const admitted = Array.from({ length: partitions }, async (_, partition) => {
      if (failed.has(partition)) return partitionOwner.owns(service, partition);
      await partitionOwner.admit(service, partition, { epoch: 0, signal: late.signal });
      return true;
    });
    const results = await Promise.allSettled(admitted);
    timer.cancel();
    if (results.every((result) => result.status === "fulfilled" && result.value)) this.#unloaded = undefined;
  }

  #indexed(): Promise<void> {
    return new Promise((resolve) => {
      const timer = this.#timers.after(patienceMs, resolve);
      const isDone = (): void => {
        timer.cancel();
        resolve();
      };
      this.#runtime.indexed().then(isDone, isDone);
    });
  }
}

export class ClusterIndex implements Pick<Archive, "search"> {
  readonly #parts: ClusterIndexParts;

  constructor(parts: ClusterIndexParts) {
    this.#parts = parts;
  }

  async search(search: Search): Promise<SearchPage> {
    return this.#merged(search, await this.#partsOf(search));
  }

  /** Returns parts that together have each partition at least once. */
  async #partsOf(search: Search): Promise<readonly Part[]> {
    const parts: Part[] = [];
    for (;;) {
      const missing = this.#missing(parts);
      if (missing.length === 0) return parts;
      parts.push(...(await Promise.all(this.#ownersOf(missing).map((owned) => this.#query(search, owned)))));
    }
  }

  #missing(parts: readonly Part[]): number[] {
    const there = new Set(parts.flatMap(({ partitions }) => partitions));
    return Array.from({ length: this.#parts.runtime.partitions }, (_, number) => number).filter(
      (partition) => !there.has(partition),
    );
  }

  /** Returns one partition of each known owner: the owner answers for all its partitions. */
  #ownersOf(partitions: readonly number[]): readonly number[] {
    const { partitionOwner, runtime } = this.#parts;
    const byOwner = new Map<string, number>();
    for (const partition of partitions) {
      const owner = partitionOwner.ownerOf(runtime.service, partition);
      byOwner.set(owner === undefined ? `none/${partition}` : owner.address, partition);
    }
    return [...byOwner.values()];
  }

  async #query(search: Search, partition: number): Promise<Part> {
    const { runtime, partitionOwner, own, peers } = this.#parts;
    if (partitionOwner.owns(runtime.service, partition))
      return searchedHere({ runtime, partitionOwner, archive: own }, search);
    const reply = await peers.searchIndex(requestOf(search, partition), { timeoutMs: answerMs });
    return partIn(reply);
  }

  /**
   * Merges the parts. A partition that moved in between is in two parts, and counts in the first. The skipped entries
   * of the other part are in the first one too: the first entries of a few partitions include those of them among the
   * first of more.
   */
  #merged(search: Search, parts: readonly Part[]): SearchPage {
    const included = new Set<number>();
    const found: FoundEntry[] = [];
    for (const { partitions, page } of parts) {
      const its = new Set(partitions.filter((partition) => !included.has(partition)));
      for (const entry of page.entries) {
        const partition = this.#parts.runtime.partitionOf(entry.key);
        if (its.has(partition)) found.push({ entry, partition });
      }
      for (const partition of its) included.add(partition);
    }
    return mergedPage(search, found, {
      isMore: parts.some(({ page }) => page.isMore),
      indexedToMs: Math.min(...parts.map(({ page }) => page.indexedToMs)),
    });
  }
}

export interface OwnIndex {
  readonly runtime: Pick<RuntimeOfService, "service" | "partitions">;
  readonly partitionOwner: Pick<PartitionOwner, "owns">;
  readonly archive: Pick<Archive, "search">;
}

/** Returns the results of this process in the partitions that it owned throughout the search. */
export async function searchedHere(
  { runtime, partitionOwner, archive }: OwnIndex,
  search: Search,
): Promise<Part> {
  const isOwned = (partition: number): boolean => partitionOwner.owns(runtime.service, partition);
  const before = Array.from({ length: runtime.partitions }, (_, number) => number).filter(isOwned);
  const { entries, cursor, indexedToMs } = await archive.search(search);
  return { partitions: before.filter(isOwned), page: { entries, indexedToMs, isMore: cursor !== "" } };
}

function partIn({ partitions, entries, more, indexedTo }: SearchIndexReply): Part {
  const indexedToMs = indexedTo === undefined ? 0 : fromTimestamp(indexedTo);
  return { partitions, page: { entries: entries.map(entryIn), indexedToMs, isMore: more } };
}
