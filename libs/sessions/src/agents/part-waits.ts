/** Recent waits of tasks in a part of a session. Waits in another part before a move do not count. */
import type { SessionView, TaskView } from "@tutti/machine-session";

/** Maximum age of starts and moves that count. */
const lateMs = 30_000;

export interface RecentMoves {
  /** Times at which tasks arrived from another part, by number. */
  readonly arrivedMs: ReadonlyMap<number, number>;
  /** Whether tasks moved away recently: the rest does not show how long more would wait. */
  readonly hasDepartures: boolean;
}

export function recentMovesOf(
  { moves }: Pick<SessionView, "moves">,
  part: number,
  nowMs: number,
): RecentMoves {
  const arrivedMs = new Map<number, number>();
  let lastDepartureMs = Number.NEGATIVE_INFINITY;
  for (const { task, fromPart, toPart, moveMs } of moves) {
    if (toPart === part) arrivedMs.set(task, moveMs);
    if (fromPart === part) lastDepartureMs = Math.max(lastDepartureMs, moveMs);
  }
  return { arrivedMs, hasDepartures: nowMs - lastDepartureMs < lateMs };
}

type Waiting = Pick<TaskView, "number" | "readyMs" | "startMs" | "endMs">;

/** Returns the mean wait of tasks that could start. */
export function meanWaitMs(
  tasks: readonly Waiting[],
  { arrivedMs }: Pick<RecentMoves, "arrivedMs">,
  nowMs: number,
): number {
  let sum = 0;
  let count = 0;
  for (const { number, readyMs, startMs, endMs } of tasks) {
    const isLate = startMs > 0 ? nowMs - startMs < lateMs : endMs === 0;
    if (readyMs === 0 || !isLate) continue;
    sum += Math.max(0, (startMs || nowMs) - Math.max(readyMs, arrivedMs.get(number) ?? 0));
    count += 1;
  }
  return count === 0 ? 0 : sum / count;
}
