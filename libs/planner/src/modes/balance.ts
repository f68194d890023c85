/**
 * Moves tasks that have not started from a part of a session that is held up to one that is not.
 *
 * 1. What has started stays. A task moves once.
 * 2. Agents are shared: moving brings something only where a slot is free that the part does not come to use and that
 *    could take the task.
 * 3. What tasks moved away from is given none for a while: that none waits there any more does not make it quick.
 * 4. Unless the whole is expected to end earlier by a share that is worth it, nothing moves. So it does not go back and
 *    forth.
 */
import { counted, spanOf } from "@tutti/kernel";
import type { PartMode } from "./cut.ts";

export interface PartProgress {
  readonly partId: string;
  readonly mode: PartMode;
  /** In the order in which they would start. */
  readonly unstarted: readonly MovableTask[];
  /** Until running work is expected to have ended. */
  readonly atWorkMs: number;
  /** How many slots it has, on the average of late. */
  readonly slots: number;
  /** How long its tasks of late waited for it, ready, while a slot was free that could take them. */
  readonly heldUpMs: number;
  /** Tasks moved away from it of late: it is given none. */
  readonly isLeft?: boolean;
}

export interface MovableTask {
  readonly taskId: string;
  readonly expectedMs: number;
  /** It has moved before. */
  readonly moved?: boolean;
  /** No slot that is free could take it. */
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
  /** By which share the whole has to end earlier. Absent: a tenth. */
  readonly gainLeast?: number;
  /** What a move takes. Absent: 20 ms. */
  readonly moveMs?: number;
}

/** From the part that ends last to the one that would take it best, from its last tasks on. */
export function balance(
  parts: readonly PartProgress[],
  { freeSlots, gainLeast = 0.1, moveMs = 20 }: Surroundings,
): readonly Move[] {
  if (freeSlots <= 0) return [];
  const latest = parts.toSorted((one, other) => endMsOf(other, 0) - endMsOf(one, 0))[0];
  if (latest === undefined || latest.heldUpMs <= moveMs) return [];
  const target = parts
    .filter((part) => part !== latest && part.isLeft !== true && part.heldUpMs < latest.heldUpMs)
    .toSorted((one, other) => endMsOf(one, freeSlots) - endMsOf(other, freeSlots))[0];
  if (target === undefined) return [];
  const wholeMs = endMsOf(latest, 0);
  let fromMs = wholeMs;
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
  const gainMs = wholeMs - Math.max(fromMs, toMs);
  if (gainMs < gainLeast * wholeMs) return [];
  const reason =
    `${latest.mode} holds its tasks up by ${spanOf(latest.heldUpMs)} each while ${counted(freeSlots, "slot is", "slots are")} free: ` +
    `with these as ${target.mode} all is expected to end ${spanOf(gainMs)} earlier`;
  return moved.map(({ taskId }) => ({
    taskId,
    fromPartId: latest.partId,
    toPartId: target.partId,
    toMode: target.mode,
    reason,
  }));
}

/** When it would end as it goes. */
function endMsOf(part: PartProgress, freeSlots: number): number {
  return part.unstarted.reduce((sum, task) => sum + perTaskMs(part, task, freeSlots), part.atWorkMs);
}

function perTaskMs(
  { slots, heldUpMs }: PartProgress,
  { expectedMs }: MovableTask,
  freeSlots: number,
): number {
  return (expectedMs + heldUpMs) / Math.max(1, slots + freeSlots);
}
