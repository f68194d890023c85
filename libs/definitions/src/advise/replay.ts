/**
 * Replays recorded runs of a workflow with other needs. A task keeps its delay after the last of its needs, and its
 * duration. So a run with its original needs has its original duration.
 */

/** One task of a recorded run: from its first queueing to its end. */
interface RecordedTask {
  readonly task: string;
  readonly queuedMs: number;
  readonly endedMs: number;
  /** Time at which its first attempt started. */
  readonly startedMs?: number;
  /** Running time of the attempt that completed it. */
  readonly runMs?: number;
  /** Running times of earlier attempts that were lost or failed. */
  readonly lostMs?: readonly number[];
}

export interface RecordedRun {
  readonly runId: string;
  readonly tasks: readonly RecordedTask[];
  /** Entries of tasks with `forEach`, in their order. */
  readonly entries?: readonly { readonly parent: string; readonly runMs: number }[];
}

export type Needs = ReadonlyMap<string, ReadonlySet<string>>;

/** Reduction of the duration of runs, as a share. */
export interface Gain {
  /** For effects on few runs, the mean of the runs. */
  readonly median: number;
  /** Quantiles 0.1 and 0.9 of the runs. */
  readonly low: number;
  readonly high: number;
  readonly runs: number;
}

/** Minimum number of runs. */
const runsMin = 5;

/** Undefined if fewer runs have all of the tasks. */
export function gainOf(
  runs: readonly RecordedRun[],
  needs: Needs,
  changed: Needs,
  durationOf: (run: RecordedRun, task: RecordedTask) => number = durationMs,
  middle: "median" | "mean" = "median",
): Gain | undefined {
  const gains = runs.flatMap((run) => {
    const past = replayMs(run, needs, needs);
    if (past === undefined || past <= 0) return [];
    return [1 - (replayMs(run, needs, changed, durationOf) ?? past) / past];
  });
  if (gains.length < runsMin) return undefined;
  const sorted = ascending(gains);
  const at = (share: number) => quantile(sorted, share);
  const mean = gains.reduce((sum, gain) => sum + gain, 0) / gains.length;
  return { median: middle === "mean" ? mean : at(0.5), low: at(0.1), high: at(0.9), runs: gains.length };
}

function durationMs(_: RecordedRun, { queuedMs, endedMs }: RecordedTask): number {
  return endedMs - queuedMs;
}

/**
 * Returns the time from the first queueing to the last end. Undefined if a task of the run is not in the
 * workflow.
 */
export function replayMs(
  run: RecordedRun,
  needs: Needs,
  changed: Needs,
  durationOf: (run: RecordedRun, task: RecordedTask) => number = durationMs,
): number | undefined {
  const { tasks } = run;
  const byId = new Map(tasks.map((task) => [task.task, task]));
  const startMs = Math.min(...tasks.map(({ queuedMs }) => queuedMs));
  const ends = new Map<string, number>();
  // A task needs no task that was queued later, even with fewer needs.
  for (const task of tasks.toSorted((one, other) => one.queuedMs - other.queuedMs)) {
    const stated = needs.get(task.task);
    if (stated === undefined) return undefined;
    const recorded = [...stated].map((need) => byId.get(need)?.endedMs ?? startMs);
    const gapMs = Math.max(0, task.queuedMs - Math.max(startMs, ...recorded));
    const replayed = [...(changed.get(task.task) ?? stated)].map((need) => ends.get(need) ?? startMs);
    ends.set(task.task, Math.max(startMs, ...replayed) + gapMs + durationOf(run, task));
  }
  return ends.size === 0 ? undefined : Math.max(...ends.values()) - startMs;
}

export const ascending = (values: readonly number[]): readonly number[] =>
  values.toSorted((one, other) => one - other);

/** Returns a quantile of values in ascending order. 0 if there are none. */
export function quantile(sorted: readonly number[], share: number): number {
  return sorted[Math.round(share * (sorted.length - 1))] ?? 0;
}
