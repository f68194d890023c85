/**
 * Advice about entries of `forEach` that are much larger than the others: the task lasts as long as the largest one,
 * while slots are free. The list comes from an expression, so only its author can make smaller entries.
 */
import { durationText } from "@tutti/kernel";
import type { TaskDocument } from "../language/document.ts";
import { entriesOf, lengthMs } from "./parallel.ts";
import { ascending, type Gain, gainOf, type Needs, quantile, type RecordedRun } from "./replay.ts";

export interface SplitFound {
  readonly pieces: number;
  readonly gain: Gain;
  readonly evidence: readonly string[];
}

/** Factor above the median from which an entry is large. */
const largeFrom = 3;
const entriesMin = 20;
const piecesMax = 100;

/** Undefined if no entry is large, or smaller ones would not end earlier. */
export function splittable(
  id: string,
  { forEach, maxParallel }: Pick<TaskDocument, "forEach" | "maxParallel">,
  needs: Needs,
  runs: readonly RecordedRun[],
): SplitFound | undefined {
  if (forEach === undefined) return undefined;
  const all = ascending(runs.flatMap((run) => entriesOf(run, id)));
  const usualMs = quantile(all, 0.5);
  const large = all.filter((ms) => ms >= largeFrom * usualMs);
  if (all.length < entriesMin || large.length === 0 || usualMs === 0) return undefined;
  // The fixed cost of each entry is not recorded: its upper bound is the duration of the smallest entry.
  const fixedMs = all[0] ?? 0;
  const inPieces = (ms: number): readonly number[] => {
    if (ms < largeFrom * usualMs) return [ms];
    const pieces = Math.min(piecesMax, Math.ceil(ms / usualMs));
    return new Array<number>(pieces).fill(fixedMs + (ms - fixedMs) / pieces);
  };
  const gain = gainOf(runs, needs, needs, (run, { task, queuedMs, endedMs }) => {
    const durationMs = endedMs - queuedMs;
    if (task !== id) return durationMs;
    const entries = entriesOf(run, id);
    const concurrency = maxParallel ?? Math.max(1, entries.length);
    const pastMs = lengthMs(entries, concurrency);
    // More pieces than former entries get no more slots than these had.
    return pastMs === 0
      ? durationMs
      : durationMs * Math.min(1, lengthMs(entries.flatMap(inPieces), concurrency) / pastMs);
  });
  if (gain === undefined) return undefined;
  const most = all.at(-1) ?? 0;
  return {
    gain,
    pieces: Math.min(piecesMax, Math.ceil(most / usualMs)),
    evidence: [
      `${large.length} of ${all.length} entries took ${largeFrom} times the usual ${durationText(usualMs)} or longer, the largest ${durationText(most)}.`,
      `The replay splits these into pieces of the usual size, with ${durationText(fixedMs)} more for each piece, in the same slots.`,
    ],
  };
}
