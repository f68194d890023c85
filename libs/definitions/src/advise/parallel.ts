/** Advice about the concurrency of tasks that run once for each entry of a list. */
import type { TaskDocument } from "../language/document.ts";
import { type Gain, gainOf, type Needs, type RecordedRun } from "./replay.ts";

export interface ParallelFound {
  readonly maxParallel: number;
  readonly gain: Gain;
  readonly evidence: readonly string[];
}

/** Proposes twice the concurrency. Undefined if the task does not limit it, or its runs had no more entries. */
export function raiseConcurrency(
  id: string,
  { forEach, maxParallel: before }: Pick<TaskDocument, "forEach" | "maxParallel">,
  needs: Needs,
  runs: readonly RecordedRun[],
): ParallelFound | undefined {
  if (forEach === undefined || before === undefined) return undefined;
  const counts = runs.map((run) => entriesOf(run, id).length);
  const most = Math.max(0, ...counts);
  const maxParallel = Math.min(before * 2, most);
  if (maxParallel <= before) return undefined;
  const gain = gainOf(runs, needs, needs, (run, each) => {
    const durationMs = each.endedMs - each.queuedMs;
    if (each.task !== id) return durationMs;
    const entries = entriesOf(run, id);
    const pastMs = lengthMs(entries, before);
    // Time that the entries do not explain stays unchanged.
    return pastMs === 0 ? durationMs : durationMs * (lengthMs(entries, maxParallel) / pastMs);
  });
  if (gain === undefined) return undefined;
  const bounded = counts.filter((count) => count > before).length;
  return {
    maxParallel,
    gain,
    evidence: [
      `${bounded} of ${runs.length} runs had more than ${before} entries, the largest ${most}.`,
      "The replay starts each entry when an earlier one ends, in their order.",
    ],
  };
}

export function entriesOf({ entries = [] }: RecordedRun, id: string): readonly number[] {
  return entries.filter(({ parent }) => parent === id).map(({ runMs }) => runMs);
}

/** Returns the duration of all entries with this concurrency. */
export function lengthMs(entries: readonly number[], concurrency: number): number {
  const slots = new Array<number>(Math.min(concurrency, entries.length)).fill(0);
  for (const runMs of entries) {
    const first = slots.indexOf(Math.min(...slots));
    slots[first] = (slots[first] ?? 0) + runMs;
  }
  return Math.max(0, ...slots);
}
