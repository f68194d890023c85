/**
 * The score of the overview: each workflow is a staff, each run a note on it. The start of a note is the time of
 * acceptance, its line the duration, its head the state.
 */
import type { Run } from "@tutti/rest/types";
import { type Badge, runBadge } from "../../score/states.ts";

export interface Note {
  readonly runId: string;
  readonly badge: Badge;
  /** Shares of the width, 0 to 1. */
  readonly from: number;
  readonly to: number;
  /** On which of the staff's lines it is, from the lowest, so that notes at the same time do not hide each other. */
  readonly line: number;
}

export interface Staff {
  readonly name: string;
  readonly notes: readonly Note[];
  /** How many runs of it there are in the time shown. */
  readonly count: number;
}

export interface Score {
  readonly staves: readonly Staff[];
  readonly fromMs: number;
  readonly toMs: number;
}

export const linesOfStaff = 5;
const stavesMost = 6;
/** Heads closer than this share of the width would hide each other. */
const headShare = 0.012;
const durationsMs = [60_000, 300_000, 900_000, 3_600_000, 21_600_000, 86_400_000, 604_800_000];

/** The key that groups runs: their workflow, or its substitute. */
export function workflowOf({ spec }: Pick<Run, "spec">): string {
  return spec?.definition?.name ?? "tasks without a workflow";
}

export function scoreOf(runs: readonly Run[], nowMs: number): Score {
  const oldest = Math.min(...runs.map(({ createTimeMs }) => createTimeMs ?? nowMs), nowMs);
  const lengthMs = durationsMs.find((duration) => nowMs - oldest <= duration) ?? nowMs - oldest;
  const fromMs = nowMs - lengthMs;
  const groups = new Map<string, Run[]>();
  for (const run of runs) {
    const name = workflowOf(run);
    groups.set(name, [...(groups.get(name) ?? []), run]);
  }
  const staves = [...groups]
    .sort(
      ([oneName, one], [otherName, other]) => other.length - one.length || oneName.localeCompare(otherName),
    )
    .slice(0, stavesMost)
    .map(([name, group]) => ({ name, count: group.length, notes: notesOf(group, fromMs, nowMs) }));
  return { staves, fromMs, toMs: nowMs };
}

function notesOf(runs: readonly Run[], fromMs: number, toMs: number): readonly Note[] {
  const share = (atMs: number) => Math.min(1, Math.max(0, (atMs - fromMs) / (toMs - fromMs)));
  const lineEnds = Array.from({ length: linesOfStaff }, () => -1);
  return [...runs]
    .sort((one, other) => (one.createTimeMs ?? 0) - (other.createTimeMs ?? 0))
    .map((run) => {
      const from = share(run.createTimeMs ?? toMs);
      const to = Math.max(from, share(run.endTimeMs ?? toMs));
      // The lowest free line. If none is free, the one that is free soonest.
      const free = lineEnds.findIndex((end) => end < from);
      const line = free >= 0 ? free : lineEnds.indexOf(Math.min(...lineEnds));
      lineEnds[line] = Math.max(to, from + headShare);
      return { runId: run.runId, badge: runBadge(run.status, run.tasks), from, to, line };
    });
}

/** Returns the time marks of the score: at most this many, at round distances from the present. */
export function marksOf({ fromMs, toMs }: Score, most: number): readonly { at: number; agoMs: number }[] {
  const lengthMs = toMs - fromMs;
  return Array.from({ length: most }, (_, index) => {
    const at = index / (most - 1);
    return { at, agoMs: lengthMs * (1 - at) };
  });
}
