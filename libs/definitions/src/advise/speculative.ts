/**
 * Advice about second copies of slow attempts. A copy helps only the slowest runs. So its gain is measured at the time that a
 * tenth of the runs exceeds, and not at the median.
 */
import { durationText } from "@tutti/kernel";
import type { TaskDocument } from "../language/document.ts";
import { entriesOf, lengthMs } from "./parallel.ts";
import { ascending, type Gain, type Needs, quantile, type RecordedRun, replayMs } from "./replay.ts";

export interface SpeculativeFound {
  readonly gain: Gain;
  readonly evidence: readonly string[];
}

/** A pool starts a copy after this share of the attempts would have ended. */
const copyQuantile = 0.95;
/** Quantile of the compared time. */
const slowQuantile = 0.9;
/** Minimum number of attempts to show which are slow. */
const attemptsMin = 40;
const runsMin = 20;
/** Standard deviations that include the rank of 8 of 10 samples. */
const rankSpread = 1.28;

/** Undefined if the task may have copies, must not have any, or too few attempts are recorded. */
export function secondCopies(
  id: string,
  { uses, mayBeDoubled, limits, forEach, maxParallel }: TaskDocument,
  needs: Needs,
  runs: readonly RecordedRun[],
): SpeculativeFound | undefined {
  if (uses === undefined || mayBeDoubled !== undefined || limits !== undefined) return undefined;
  const isEach = forEach !== undefined;
  const attempts = ascending(runs.flatMap((run) => (isEach ? entriesOf(run, id) : timesOf(run, id))));
  if (attempts.length < attemptsMin) return undefined;
  const [usualMs, copyMs] = [quantile(attempts, 0.5), quantile(attempts, copyQuantile)];
  const withCopy = (ms: number) => Math.min(ms, copyMs + usualMs);
  const past: number[] = [];
  const replayed: number[] = [];
  for (const run of runs) {
    const before = replayMs(run, needs, needs);
    const after = replayMs(run, needs, needs, (_, task) => {
      const durationMs = task.endedMs - task.queuedMs;
      if (task.task !== id) return durationMs;
      if (!isEach) return withCopy(durationMs);
      const entries = entriesOf(run, id);
      const concurrency = maxParallel ?? Math.max(1, entries.length);
      const entriesMs = lengthMs(entries, concurrency);
      return entriesMs === 0
        ? durationMs
        : durationMs * (lengthMs(entries.map(withCopy), concurrency) / entriesMs);
    });
    if (before === undefined || after === undefined) continue;
    past.push(before);
    replayed.push(after);
  }
  if (past.length < runsMin) return undefined;
  const slow = attempts.filter((ms) => ms > copyMs + usualMs).length;
  return {
    gain: slowGain(ascending(past), ascending(replayed)),
    evidence: [
      `${slow} of ${attempts.length} attempts took longer than a copy that starts after ${durationText(copyMs)} and takes the usual ${durationText(usualMs)}.`,
      "The replay ends these attempts with their copy.",
    ],
  };
}

/**
 * Returns the reduction of the time that a tenth of the runs exceeds. The interval follows from the spread of the rank
 * among this many runs.
 */
function slowGain(past: readonly number[], replayed: readonly number[]): Gain {
  const spread = rankSpread * Math.sqrt((slowQuantile * (1 - slowQuantile)) / past.length);
  const gains = [slowQuantile - spread, slowQuantile, Math.min(1, slowQuantile + spread)].map(
    (share) => 1 - quantile(replayed, share) / Math.max(1, quantile(past, share)),
  );
  return { median: gains[1] ?? 0, low: Math.min(...gains), high: Math.max(...gains), runs: past.length };
}

function timesOf({ tasks }: RecordedRun, id: string): readonly number[] {
  return tasks.filter(({ task }) => task === id).map(({ queuedMs, endedMs }) => endedMs - queuedMs);
}
