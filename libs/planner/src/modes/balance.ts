/**
 * Moves tasks that have not started from a delayed part of a session to another one.
 *
 * 1. A started task stays. A task moves once.
 * 2. Agents are shared: a move helps only if a slot is free that the part does not use and that could take
 *    the task.
 * 3. A part that lost tasks gets none for a while: an empty queue alone does not make it quick.
 * 4. Nothing moves unless the whole is expected to end earlier by a minimum share. So tasks do not move back
 *    and forth.
 */
import { counted, durationText } from "@tutti/kernel";
import type { PartMode } from "./cut.ts";

export interface PartProgress {
  readonly partId: string;
  readonly mode: PartMode;
  /** In the order of their expected starts. */
  readonly unstarted: readonly MovableTask[];
  /** Remaining time of running work. */
  readonly atWorkMs: number;
  /** Number of its slots, on recent average. */
  readonly slots: number;
  /** How long its recent tasks waited while ready, and while a suitable slot was free. */
  readonly blockedMs: number;
  /** True if tasks recently moved away: it gets none. */
  readonly hasMovedAway?: boolean;
}

export interface MovableTask {
  readonly taskId: string;
  readonly expectedMs: number;
  /** True if the task has moved before. */
  readonly moved?: boolean;
  /** True if no free slot can take it. */
  readonly unmet?: boolean;
}

export interface Move {
  readonly taskId: string;
  readonly fromPartId: string;
  readonly toPartId: string;
  readonly toMode: PartMode;
  readonly reason: string;
}

export interface Surroundings {
  /** Free slots that could take the tasks. */
  readonly freeSlots: number;
  /** Minimum reduction of the total time, as a share. Absent: a tenth. */
  readonly gainLeast?: number;
  /** Cost of a move. Absent: 20 ms. */
  readonly moveMs?: number;
}

/** Moves the last tasks of the part that ends last to the part that takes them best. */
export function balance(
  parts: readonly PartProgress[],
  { freeSlots, gainLeast = 0.1, moveMs = 20 }: Surroundings,
): readonly Move[] {
  if (freeSlots <= 0) return [];
  const latest = parts.toSorted((one, other) => endMsOf(other, 0) - endMsOf(one, 0))[0];
  if (latest === undefined || latest.blockedMs <= moveMs) return [];
  const target = parts
    .filter((part) => part !== latest && part.hasMovedAway !== true && part.blockedMs < latest.blockedMs)
    .toSorted((one, other) => endMsOf(one, freeSlots) - endMsOf(other, freeSlots))[0];
  if (target === undefined) return [];
  const currentEndMs = endMsOf(latest, 0);
  let fromMs = currentEndMs;
  let toMs = endMsOf(target, freeSlots);
  const moved: MovableTask[] = [];
  for (const task of latest.unstarted.toReversed()) {
    if (task.moved === true || task.unmet === true) continue;
    const nextMs = toMs + perTaskMs(target, task, freeSlots) + moveMs;
    if (nextMs >= fromMs) break;
    moved.push(task);
    toMs = nextMs;
    fromMs -= perTaskMs(latest, task, 0);
  }
  const gainMs = currentEndMs - Math.max(fromMs, toMs);
  if (gainMs < gainLeast * currentEndMs) return [];
  const reason =
    `${latest.mode} holds its tasks up by ${durationText(latest.blockedMs)} each while ${counted(freeSlots, "slot is", "slots are")} free: ` +
    `with these as ${target.mode} all is expected to end ${durationText(gainMs)} earlier`;
  return moved.map(({ taskId }) => ({
    taskId,
    fromPartId: latest.partId,
    toPartId: target.partId,
    toMode: target.mode,
    reason,
  }));
}

/** Returns the expected end of a part. */
function endMsOf(part: PartProgress, freeSlots: number): number {
  return part.unstarted.reduce((sum, task) => sum + perTaskMs(part, task, freeSlots), part.atWorkMs);
}

function perTaskMs(
  { slots, blockedMs }: PartProgress,
  { expectedMs }: MovableTask,
  freeSlots: number,
): number {
  return (expectedMs + blockedMs) / Math.max(1, slots + freeSlots);
}
