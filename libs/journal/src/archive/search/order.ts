import { archiveErrors } from "../errors.ts";
import type { Search } from "../port.ts";

/**
 * Position of an entry in the order of a search: by time, then by partition and incarnation. So there is exactly one
 * order, and a page continues at the end of the last one.
 */
export interface Rank {
  readonly timeMs: number;
  readonly partition: number;
  readonly incarnation: number;
}

/** Negative if the first comes earlier. */
export type RankOrder = (one: Rank, other: Rank) => number;

const ascending: RankOrder = (one, other) =>
  one.timeMs - other.timeMs || one.partition - other.partition || one.incarnation - other.incarnation;
const descending: RankOrder = (one, other) => ascending(other, one);

export function orderOf({ order }: Search): RankOrder {
  return order === "started-ascending" ? ascending : descending;
}

export function timeOf(
  { order }: Search,
  entry: { readonly startMs: number; readonly endMs: number },
): number {
  return order === "ended-descending" ? entry.endMs : entry.startMs;
}

const letters = { "started-ascending": "a", "started-descending": "d", "ended-descending": "e" } as const;

/** Encodes the rank at the end of a page as its cursor. */
export function cursorOf({ order }: Search, { timeMs, partition, incarnation }: Rank): string {
  return `${letters[order]}${[timeMs, partition, incarnation].join("_")}`;
}

/** Returns the rank after which a search continues. Undefined for the first page. */
export function rankOf({ order, cursor }: Search): Rank | undefined {
  if (cursor === "") return;
  const parts = cursor.slice(1).split("_").map(Number);
  const [timeMs = Number.NaN, partition = Number.NaN, incarnation = Number.NaN] = parts;
  const isValid = [timeMs, partition, incarnation].every((part) => Number.isFinite(part) && part >= 0);
  if (cursor[0] !== letters[order] || parts.length !== 3 || !isValid) {
    throw archiveErrors.cursorUnknown({ cursor });
  }
  return { timeMs, partition, incarnation };
}
