/** A plan and reality as bars along one axis. */
import type { PlannedTask, PlanView } from "@tutti/rest/types";

export interface PlanAxis {
  readonly startMs: number;
  readonly endMs: number;
}

/** Shares of the axis. */
export interface Bar {
  readonly from: number;
  readonly width: number;
}

export interface PlanRow {
  readonly id: string;
  readonly partId: string;
  readonly isCritical: boolean;
  readonly planned: Bar | undefined;
  readonly real: Bar | undefined;
  readonly isOver: boolean;
  readonly plannedAgent: string;
  readonly agent: string;
  /** How much later than planned it ended or, while it is running, is known to end. Below 0 is earlier. */
  readonly lateMs: number;
}

const present = (ms: number | undefined): ms is number => ms !== undefined && ms > 0;

/** From the first planned or real start to the last end. While it continues, at least to now. */
export function axisOf({ tasks, planTimeMs, expectedEndTimeMs }: PlanView, nowMs: number): PlanAxis {
  const starts = tasks.flatMap((task) => [task.plannedStartTimeMs, task.startTimeMs]).filter(present);
  const ends = tasks.flatMap((task) => [task.plannedEndTimeMs, task.endTimeMs]).filter(present);
  const isGoingOn = tasks.some(({ startTimeMs, endTimeMs }) => present(startTimeMs) && !present(endTimeMs));
  const startMs = Math.min(...starts, ...(starts.length === 0 ? [planTimeMs ?? nowMs] : []));
  const endMs = Math.max(startMs + 1, ...ends, expectedEndTimeMs ?? 0, isGoingOn ? nowMs : 0);
  return { startMs, endMs };
}

export function planRows(tasks: readonly PlannedTask[], axis: PlanAxis, nowMs: number): readonly PlanRow[] {
  return tasks.map((task) => {
    const { taskId = "", partId = "", startTimeMs, endTimeMs, plannedEndTimeMs } = task;
    const isOver = present(endTimeMs);
    const reachedMs = isOver ? endTimeMs : present(startTimeMs) ? nowMs : 0;
    const isLate = present(plannedEndTimeMs) && reachedMs > 0 && (isOver || reachedMs > plannedEndTimeMs);
    return {
      id: taskId,
      partId,
      isCritical: task.critical === true,
      isOver,
      planned: barOf(task.plannedStartTimeMs, plannedEndTimeMs, axis),
      real: barOf(startTimeMs, reachedMs, axis),
      plannedAgent: task.plannedAgentId ?? "",
      agent: task.agentId ?? "",
      lateMs: isLate ? reachedMs - plannedEndTimeMs : 0,
    };
  });
}

function barOf(
  fromMs: number | undefined,
  toMs: number | undefined,
  { startMs, endMs }: PlanAxis,
): Bar | undefined {
  if (!present(fromMs) || !present(toMs)) return undefined;
  const durationMs = endMs - startMs;
  const from = Math.max(0, Math.min(1, (fromMs - startMs) / durationMs));
  return { from, width: Math.max(0, Math.min(1 - from, (toMs - Math.max(fromMs, startMs)) / durationMs)) };
}

/** Round moments for the head of the axis, as milliseconds from its start. */
export function ticksOf({ startMs, endMs }: PlanAxis, most: number): readonly number[] {
  const durationMs = endMs - startMs;
  const least = durationMs / most;
  const magnitude = 10 ** Math.floor(Math.log10(Math.max(1, least)));
  const step = [1, 2, 5, 10].map((each) => each * magnitude).find((each) => each >= least) ?? least;
  return Array.from({ length: Math.floor(durationMs / step) + 1 }, (_, at) => at * step);
}
