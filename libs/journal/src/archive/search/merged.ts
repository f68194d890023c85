import type { IndexEntry, Search, SearchPage } from "../port.ts";
import { cursorOf, orderOf, type Rank, timeOf } from "./order.ts";

/** An entry with its partition. */
export interface FoundEntry {
  readonly entry: IndexEntry;
  readonly partition: number;
}

/**
 * Merges the pages of several archives into the page that one archive would have found. Each page must be in the
 * requested order and full, unless its archive has no more.
 */
export function mergedPage(
  search: Search,
  found: readonly FoundEntry[],
  { isMore, indexedToMs }: { readonly isMore: boolean; readonly indexedToMs: number },
): SearchPage {
  const order = orderOf(search);
  const ranked = found.map(({ entry, partition }) => ({ entry, rank: rankOf(search, entry, partition) }));
  ranked.sort((one, other) => order(one.rank, other.rank));
  const page = ranked.slice(0, search.limit);
  const last = page.at(-1);
  const hasMore = isMore || ranked.length > page.length;
  return {
    entries: page.map(({ entry }) => entry),
    cursor: last === undefined || !hasMore ? "" : cursorOf(search, last.rank),
    indexedToMs,
  };
}

function rankOf(search: Search, entry: IndexEntry, partition: number): Rank {
  return { timeMs: timeOf(search, entry), partition, incarnation: entry.incarnation };
}
