/** Searches archives of single partitions as one. */
import type { Archive, ArchiveFigures, Search, SearchPage } from "../archive/port.ts";
import { mergedPage } from "../archive/search/merged.ts";

/** The archive of one partition. */
export interface Single {
  readonly partition: number;
  readonly archive: Pick<Archive, "search" | "figures">;
}

/** Returns the same page as if all were in one archive. */
export async function searchSeveral(
  singles: readonly Single[],
  search: Search,
  nowMs: number,
): Promise<SearchPage> {
  const pages = await Promise.all(singles.map(({ archive }) => archive.search(search)));
  const found = pages.flatMap(({ entries }, index) => {
    const partition = singles[index]?.partition ?? 0;
    return entries.map((entry) => ({ entry, partition }));
  });
  const isMore = pages.some(({ cursor }) => cursor !== "");
  return mergedPage(search, found, { isMore, indexedToMs: nowMs });
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
