/**
 * Selects the outputs that a full cache removes: those whose loss costs least time per freed byte.
 *
 * 1. The worth of an output is the time to compute it × the probability of a use in the next minute / its bytes.
 * 2. The probability has two bounds: the number of uses since the output was stored, and the time since the last use.
 *    So an output that was used often long ago loses its worth, and a new output is not removed before it can be used.
 */
import type { ReadOnly } from "@tutti/kernel";
import { cacheLabel } from "./reading.ts";

/** An output, as the labels of its entry describe it. */
export interface Evictable {
  readonly id: string;
  readonly bytes: number;
  readonly computeMs: number;
  readonly storeMs: number;
  /** Number of minutes with a use, and the time of the last use. */
  readonly uses: number;
  readonly useMs: number;
}

/** Bytes of an entry in addition to its output: its state and its place in the index. */
const overheadBytes = 1_024;
const minuteMs = 60_000;

/** Returns the output of an entry. Undefined for an entry without an output: a task computes it. */
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

/**
 * Size and benefit of outputs. A use counts at most once in a minute, so all values except the size are lower
 * bounds.
 */
export interface CacheUsage {
  readonly outputs: number;
  readonly bytes: number;
  readonly uses: number;
  readonly hitRate: number;
  readonly savedMs: number;
}

/** Each output was computed once since its uses have been counted. */
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

/** Returns the outputs to remove until the others fit into the maximum, the least valuable first. */
export function leastWorth(
  entries: readonly ReadOnly<Evictable>[],
  bytesMax: number,
  nowMs: number,
): readonly ReadOnly<Evictable>[] {
  let remainingBytes = entries.reduce((sum, { bytes }) => sum + bytes, 0);
  if (remainingBytes <= bytesMax) return [];
  const found: ReadOnly<Evictable>[] = [];
  const ranked = entries.map((entry) => ({ entry, worth: worthOf(entry, nowMs) }));
  for (const { entry } of ranked.sort((one, other) => one.worth - other.worth)) {
    if (remainingBytes <= bytesMax) break;
    found.push(entry);
    remainingBytes -= entry.bytes;
  }
  return found;
}

function worthOf({ bytes, computeMs, storeMs, uses, useMs }: ReadOnly<Evictable>, nowMs: number): number {
  const minutesSince = (ms: number) => Math.max(0, nowMs - ms) / minuteMs;
  const often = (uses + 1) / (minutesSince(storeMs) + 1);
  const lately = 1 / (minutesSince(Math.max(storeMs, useMs)) + 1);
  return (Math.max(1, computeMs) * Math.min(1, often, lately)) / bytes;
}
