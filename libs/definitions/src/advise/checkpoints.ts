/**
 * Advice about long tasks whose attempts are lost or fail late, and restart from the beginning. A worker can save its
 * state with its progress, and the next attempt receives it. This requires a change of its code.
 */
import { durationText } from "@tutti/kernel";
import type { TaskDocument } from "../language/document.ts";
import { ascending, type Gain, gainOf, type Needs, quantile, type RecordedRun } from "./replay.ts";

export interface CheckpointsFound {
  readonly gain: Gain;
  readonly evidence: readonly string[];
}

/** Saving and reading the state would take longer than repeating a shorter attempt. */
const longMs = 10_000;
/** Share of the time of a completed attempt after which a lost attempt counts as late. */
const lateShare = 0.25;
const lostMin = 3;
/** Number of saved states per attempt, which bounds the lost share of its time. */
const saves = 20;

/** Undefined if few attempts were lost late, or attempts are short. */
export function savable(
  id: string,
  { uses, forEach }: Pick<TaskDocument, "uses" | "forEach">,
  needs: Needs,
  runs: readonly RecordedRun[],
): CheckpointsFound | undefined {
  if (uses === undefined || forEach !== undefined) return undefined;
  const own = runs.flatMap(({ tasks }) => tasks.filter(({ task }) => task === id));
  const usualMs = usualOf(own);
  const isLate = (ms: number) => ms >= lateShare * usualMs;
  const restarted = own.filter((each) => !isContinued(each, usualMs));
  const late = restarted.flatMap(({ lostMs = [] }) => lostMs).filter(isLate);
  if (usualMs < longMs || late.length < lostMin) return undefined;
  const gain = gainOf(
    runs,
    needs,
    needs,
    (_, each) => {
      const { task, queuedMs, endedMs, lostMs = [] } = each;
      const durationMs = endedMs - queuedMs;
      if (task !== id || isContinued(each, usualMs)) return durationMs;
      const saved = lostMs.reduce((sum, ms) => sum + Math.max(0, ms - usualMs / saves), 0);
      return durationMs - Math.min(saved, durationMs);
    },
    "mean",
  );
  if (gain === undefined) return undefined;
  const lostMs = late.reduce((sum, ms) => sum + ms, 0);
  const affected = restarted.filter(({ lostMs: lost = [] }) => lost.some(isLate)).length;
  return {
    gain,
    evidence: [
      `${late.length} attempts in ${affected} of ${own.length} runs were lost or failed late, after ${durationText(quantile(ascending(late), 0.5))} (median). A completed attempt takes ${durationText(usualMs)}.`,
      `These attempts had worked ${durationText(lostMs)} in total, and the next attempts started from the beginning.`,
      `The replay continues each attempt from a state that is saved every ${durationText(usualMs / saves)}. The gain is the mean of all runs.`,
    ],
  };
}

type RecordedTask = RecordedRun["tasks"][number];

/** Returns the usual time of an attempt from the beginning. After a lost attempt, one may start from a saved state. */
function usualOf(own: readonly RecordedTask[]): number {
  const undisturbed = own.filter(({ lostMs = [] }) => lostMs.length === 0);
  const known = undisturbed.length > 0 ? undisturbed : own;
  return quantile(ascending(known.flatMap(({ runMs }) => runMs ?? [])), 0.5);
}

/** Returns whether the last attempt was so much shorter that it continued from the state of a lost one. */
function isContinued({ runMs, lostMs = [] }: RecordedTask, usualMs: number): boolean {
  return lostMs.length > 0 && runMs !== undefined && runMs < (1 - lateShare) * usualMs;
}
