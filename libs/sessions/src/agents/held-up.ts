/** How long tasks wait in a part of a session of late: what they waited elsewhere, before they came, is not its fault. */
import type { SessionView, TaskView } from "@tutti/machine-session";

/** What started no longer ago, and moved no longer ago, says how it is. */
const lateMs = 30_000;

export interface Stay {
  /** By the numbers of tasks that came from another part: when. */
  readonly cameMs: ReadonlyMap<number, number>;
  /** Tasks moved away of late: the rest does not show how long more would wait. */
  readonly isLeft: boolean;
}

export function stayIn({ moves }: Pick<SessionView, "moves">, part: number, nowMs: number): Stay {
  const cameMs = new Map<number, number>();
  let leftMs = Number.NEGATIVE_INFINITY;
  for (const { task, fromPart, toPart, moveMs } of moves) {
    if (toPart === part) cameMs.set(task, moveMs);
    if (fromPart === part) leftMs = Math.max(leftMs, moveMs);
  }
  return { cameMs, isLeft: nowMs - leftMs < lateMs };
}

type Waiting = Pick<TaskView, "number" | "readyMs" | "startMs" | "endMs">;

/** Returns how long tasks that could start waited, on the average. */
export function heldUpMs(tasks: readonly Waiting[], { cameMs }: Pick<Stay, "cameMs">, nowMs: number): number {
  let sum = 0;
  let count = 0;
  for (const { number, readyMs, startMs, endMs } of tasks) {
    const isLate = startMs > 0 ? nowMs - startMs < lateMs : endMs === 0;
    if (readyMs === 0 || !isLate) continue;
    sum += Math.max(0, (startMs || nowMs) - Math.max(readyMs, cameMs.get(number) ?? 0));
    count += 1;
  }
  return count === 0 ? 0 : sum / count;
}
