/** Archives of single partitions that are searched as one. */
import type { Archive, ArchiveFigures, IndexEntry, Search, SearchPage } from "../archive/port.ts";
import { cursorOf, orderOf, type Rank, timeOf } from "../archive/search/order.ts";

/** A partition's own archive. */
export interface Single {
  readonly partition: number;
  readonly archive: Pick<Archive, "search" | "figures">;
}

/** The same page as if all were in one archive. */
export async function searchSeveral(
  singles: readonly Single[],
  search: Search,
  nowMs: number,
): Promise<SearchPage> {
  const order = orderOf(search);
  const pages = await Promise.all(singles.map(({ archive }) => archive.search(search)));
  const found = pages.flatMap(({ entries }, index) => {
    const partition = singles[index]?.partition ?? 0;
    return entries.map((entry) => ({ entry, rank: rankOf(search, entry, partition) }));
  });
  found.sort((one, other) => order(one.rank, other.rank));
  const shown = found.slice(0, search.limit);
  const last = shown.at(-1);
  const isMore = found.length > shown.length || pages.some(({ cursor }) => cursor !== "");
  return {
    entries: shown.map(({ entry }) => entry),
    cursor: last === undefined || !isMore ? "" : cursorOf(search, last.rank),
    indexedToMs: nowMs,
  };
}

export async function figuresOfSeveral(singles: readonly Single[]): Promise<ArchiveFigures> {
  const all = await Promise.all(singles.map(({ archive }) => archive.figures()));
  const sum = (of: (figures: ArchiveFigures) => number): number =>
    all.reduce((total, figures) => total + of(figures), 0);
  return {
    bytes: sum(({ bytes }) => bytes),
    liveInstances: sum(({ liveInstances }) => liveInstances),
    endedInstances: sum(({ endedInstances }) => endedInstances),
    packedRows: sum(({ packedRows }) => packedRows),
  };
}

function rankOf(search: Search, entry: IndexEntry, partition: number): Rank {
  return { timeMs: timeOf(search, entry), partition, incarnation: entry.incarnation };
}
