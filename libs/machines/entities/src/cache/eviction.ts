/**
 * Which outputs a full cache removes: those whose loss costs least time for the space that it frees.
 *
 * 1. The worth of an output is the time to compute it × the probability of a use in the next minute / its bytes.
 * 2. The probability has two bounds: how often the output was used since it was stored, and how long it was not used. So
 *    an output that was used often long ago loses its worth, and a new output is not removed before it can be used.
 */
import type { ReadOnly } from "@tutti/kernel";
import { cacheLabel } from "./reading.ts";

/** An output, as the labels of its entry describe it. */
export interface Evictable {
  readonly id: string;
  readonly bytes: number;
  readonly computeMs: number;
  readonly storeMs: number;
  /** In how many minutes it was used, and when last. */
  readonly uses: number;
  readonly useMs: number;
}

/** What an entry takes in addition to its output: its state and its place in the index. */
const overheadBytes = 1_024;
const minuteMs = 60_000;

/** Undefined for an entry without an output: a task computes it. */
export function evictableOf(id: string, labels: Readonly<Record<string, string>>): Evictable | undefined {
  const { bytes, computeMs, storeMs, uses, useMs } = cacheLabel;
  if (labels[bytes] === undefined) return undefined;
  const numberOf = (name: string) => Number(labels[name] ?? 0);
  return {
    id,
    bytes: numberOf(bytes) + overheadBytes,
    computeMs: numberOf(computeMs),
    storeMs: numberOf(storeMs),
    uses: numberOf(uses),
    useMs: numberOf(useMs),
  };
}

/** What outputs take and gave. A use counts at most once in a minute, so all but the size are lower bounds. */
export interface CacheUsage {
  readonly outputs: number;
  readonly bytes: number;
  readonly uses: number;
  readonly hitRate: number;
  readonly savedMs: number;
}

/** Each output was computed once since its uses are counted. */
export function usageOf(entries: readonly ReadOnly<Evictable>[]): CacheUsage {
  let [bytes, uses, savedMs] = [0, 0, 0];
  for (const entry of entries) {
    bytes += entry.bytes;
    uses += entry.uses;
    savedMs += entry.uses * entry.computeMs;
  }
  const outputs = entries.length;
  return { outputs, bytes, uses, hitRate: uses / Math.max(1, uses + outputs), savedMs };
}

/** Outputs to remove until the others have at most so many bytes, the least worth first. */
export function leastWorth(
  entries: readonly ReadOnly<Evictable>[],
  bytesMax: number,
  nowMs: number,
): readonly ReadOnly<Evictable>[] {
  let left = entries.reduce((sum, { bytes }) => sum + bytes, 0);
  if (left <= bytesMax) return [];
  const found: ReadOnly<Evictable>[] = [];
  const ranked = entries.map((entry) => ({ entry, worth: worthOf(entry, nowMs) }));
  for (const { entry } of ranked.sort((one, other) => one.worth - other.worth)) {
    if (left <= bytesMax) break;
    found.push(entry);
    left -= entry.bytes;
  }
  return found;
}

function worthOf({ bytes, computeMs, storeMs, uses, useMs }: ReadOnly<Evictable>, nowMs: number): number {
  const minutesSince = (ms: number) => Math.max(0, nowMs - ms) / minuteMs;
  const often = (uses + 1) / (minutesSince(storeMs) + 1);
  const lately = 1 / (minutesSince(Math.max(storeMs, useMs)) + 1);
  return (Math.max(1, computeMs) * Math.min(1, often, lately)) / bytes;
}
