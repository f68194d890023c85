/**
 * The index of a service whose partitions several processes own: each has that of its own, so a list asks all of them.
 *
 * 1. Every partition is in a page exactly once: owners say which ones they searched, and what none of them had is asked
 *    for again. A page without some partition would look whole, and is none.
 * 2. A partition without an owner is waited for, as every call about it does.
 */
import type { runtimeService, SearchIndexReply } from "@tutti/contracts/runtime/v1";
import { type Archive, type FoundEntry, mergedPage, type Search, type SearchPage } from "@tutti/journal";
import { fromTimestamp, type Timers } from "@tutti/kernel";
import type { Client } from "@tutti/mesh";
import type { RuntimeOfService } from "@tutti/runtime";
import type { PartitionOwner } from "@tutti/runtime/ownership";
import { entryIn, requestOf } from "./index-wire.ts";

export interface WholeIndexParts {
  readonly runtime: Pick<RuntimeOfService, "service" | "partitions" | "partitionOf">;
  readonly partitionOwner: Pick<PartitionOwner, "ownerOf" | "holds">;
  /** Of the partitions that this process owns. */
  readonly own: Pick<Archive, "search">;
  readonly peers: Pick<Client<typeof runtimeService>, "searchIndex">;
}

/** What one process found. */
interface Part {
  readonly partitions: readonly number[];
  readonly page: Pick<SearchPage, "entries" | "indexedToMs"> & { readonly isMore: boolean };
}

const answerMs = 10_000;
/** A slow archive holds up no list for longer: then it is answered as the index stands, and `indexedToMs` says so. */
const patienceMs = 2_000;

/**
 * The index of the partitions that this process owns. A search first waits for all lines that are due, so that a caller
 * finds the run that it has started.
 */
export class CurrentIndex implements Pick<Archive, "search"> {
  readonly #runtime: Pick<RuntimeOfService, "indexed">;
  readonly #archive: Pick<Archive, "search">;
  readonly #timers: Timers;

  constructor(
    runtime: Pick<RuntimeOfService, "indexed">,
    archive: Pick<Archive, "search">,
    { timers }: { readonly timers: Timers },
  ) {
    this.#runtime = runtime;
    this.#archive = archive;
    this.#timers = timers;
  }

  async search(search: Search): Promise<SearchPage> {
    if (search.cursor === "" && !search.mayLag) await this.#indexed();
    return this.#archive.search(search);
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

export class WholeIndex implements Pick<Archive, "search"> {
  readonly #parts: WholeIndexParts;

  constructor(parts: WholeIndexParts) {
    this.#parts = parts;
  }

  async search(search: Search): Promise<SearchPage> {
    return this.#merged(search, await this.#partsOf(search));
  }

  /** At least one that has each partition. */
  async #partsOf(search: Search): Promise<readonly Part[]> {
    const parts: Part[] = [];
    for (;;) {
      const missing = this.#missing(parts);
      if (missing.length === 0) return parts;
      parts.push(...(await Promise.all(this.#ownersOf(missing).map((owned) => this.#ask(search, owned)))));
    }
  }

  #missing(parts: readonly Part[]): number[] {
    const there = new Set(parts.flatMap(({ partitions }) => partitions));
    return Array.from({ length: this.#parts.runtime.partitions }, (_, number) => number).filter(
      (partition) => !there.has(partition),
    );
  }

  /** One partition of each owner, as far as owners are known: who has it answers for all that it owns. */
  #ownersOf(partitions: readonly number[]): readonly number[] {
    const { partitionOwner, runtime } = this.#parts;
    const byOwner = new Map<string, number>();
    for (const partition of partitions) {
      const owner = partitionOwner.ownerOf(runtime.service, partition);
      byOwner.set(owner === undefined ? `none/${partition}` : owner.address, partition);
    }
    return [...byOwner.values()];
  }

  async #ask(search: Search, partition: number): Promise<Part> {
    const { runtime, partitionOwner, own, peers } = this.#parts;
    if (partitionOwner.holds(runtime.service, partition))
      return searchedHere({ runtime, partitionOwner, archive: own }, search);
    const reply = await peers.searchIndex(requestOf(search, partition), { timeoutMs: answerMs });
    return partIn(reply);
  }

  /**
   * A partition that moved in between is in two parts, and counts in the first. Its entries left out of the other are
   * in that one too: the first entries of a few partitions contain those of them that are among the first of more.
   */
  #merged(search: Search, parts: readonly Part[]): SearchPage {
    const taken = new Set<number>();
    const found: FoundEntry[] = [];
    for (const { partitions, page } of parts) {
      const its = new Set(partitions.filter((partition) => !taken.has(partition)));
      for (const entry of page.entries) {
        const partition = this.#parts.runtime.partitionOf(entry.key);
        if (its.has(partition)) found.push({ entry, partition });
      }
      for (const partition of its) taken.add(partition);
    }
    return mergedPage(search, found, {
      isMore: parts.some(({ page }) => page.isMore),
      indexedToMs: Math.min(...parts.map(({ page }) => page.indexedToMs)),
    });
  }
}

export interface OwnIndex {
  readonly runtime: Pick<RuntimeOfService, "service" | "partitions">;
  readonly partitionOwner: Pick<PartitionOwner, "holds">;
  readonly archive: Pick<Archive, "search">;
}

/** What this process finds in the partitions that it owned all the while. */
export async function searchedHere(
  { runtime, partitionOwner, archive }: OwnIndex,
  search: Search,
): Promise<Part> {
  const held = (partition: number): boolean => partitionOwner.holds(runtime.service, partition);
  const before = Array.from({ length: runtime.partitions }, (_, number) => number).filter(held);
  const { entries, cursor, indexedToMs } = await archive.search(search);
  return { partitions: before.filter(held), page: { entries, indexedToMs, isMore: cursor !== "" } };
}

function partIn({ partitions, entries, more, indexedTo }: SearchIndexReply): Part {
  const indexedToMs = indexedTo === undefined ? 0 : fromTimestamp(indexedTo);
  return { partitions, page: { entries: entries.map(entryIn), indexedToMs, isMore: more } };
}
