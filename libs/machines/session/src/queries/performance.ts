/** How well a session goes: work done by time and slots, where ready tasks waited, and how far predictions were off. */
import { MonitoringLevel, type Performance } from "@tutti/contracts/session/v1";
import { WaitCause } from "@tutti/contracts/types/v1";
import { isDone } from "@tutti/machine-run/siblings";
import { hasEnded, type SessionView, specOf, type TaskView } from "../state.ts";

export function performanceOf(session: SessionView, nowMs: number): Performance | undefined {
  if (specOf(session).monitoring?.level === MonitoringLevel.MONITORING_LEVEL_MINIMAL || session.beginMs === 0)
    return undefined;
  const untilMs = hasEnded(session) ? session.endMs : nowMs;
  const elapsedMs = Math.max(0, untilMs - session.beginMs);
  let workMs = 0;
  let queuedMs = 0;
  let needsMs = 0;
  let errors = 0;
  let predicted = 0;
  for (const task of session.tasks) {
    const takenMs = timeAt(task, untilMs);
    workMs += takenMs;
    const readyMs = task.readyMs || (task.open === 0 ? session.beginMs : 0);
    const startMs = task.startMs || (isDone(task.status) ? 0 : untilMs);
    if (readyMs > 0 && startMs > readyMs) queuedMs += startMs - readyMs;
    if (readyMs > session.beginMs) needsMs += readyMs - session.beginMs;
    const plannedMs = task.plannedEndMs - task.plannedStartMs;
    if (plannedMs > 0 && task.startMs > 0 && task.endMs > task.startMs) {
      errors += Math.abs(plannedMs - takenMs) / Math.max(1, takenMs);
      predicted += 1;
    }
  }
  const slots = mostAtOnce(session.tasks, untilMs);
  const expectedEndMs = session.plan?.expectedEndMs ?? 0;
  return {
    efficiency: slots === 0 || elapsedMs === 0 ? 0 : Math.min(1, workMs / (slots * elapsedMs)),
    ...{ workMs, elapsedMs },
    slots: elapsedMs === 0 ? 0 : workMs / elapsedMs,
    waits: [
      { cause: WaitCause.WAIT_CAUSE_BUSY, waitedMs: queuedMs },
      { cause: WaitCause.WAIT_CAUSE_NEEDS, waitedMs: needsMs },
    ].filter(({ waitedMs }) => waitedMs > 0),
    predictionError: predicted === 0 ? 0 : errors / predicted,
    lateMs: expectedEndMs > 0 ? untilMs - expectedEndMs : 0,
    replans: Math.max(0, session.plans - 1),
    moves: session.moves.length,
  };
}

/** How long an agent was at it. */
function timeAt({ startMs, endMs }: TaskView, untilMs: number): number {
  return startMs === 0 ? 0 : Math.max(0, (endMs || untilMs) - startMs);
}

/** The greatest number of tasks that were at work at once. */
function mostAtOnce(tasks: readonly TaskView[], untilMs: number): number {
  const moments = tasks.flatMap(({ startMs, endMs }) =>
    startMs === 0
      ? []
      : [
          { ms: startMs, by: 1 },
          { ms: endMs || untilMs, by: -1 },
        ],
  );
  moments.sort((one, other) => one.ms - other.ms || one.by - other.by);
  let now = 0;
  let most = 0;
  for (const { by } of moments) {
    now += by;
    most = Math.max(most, now);
  }
  return most;
}

/** The share of its work that is done: by expected durations where there are any, else by tasks. */
export function progressOf(session: SessionView, nowMs: number): number {
  if (session.tasks.length === 0) return hasEnded(session) ? 1 : 0;
  let all = 0;
  let done = 0;
  for (const task of session.tasks) {
    const expectedMs = task.plannedEndMs - task.plannedStartMs || task.spec.estimate?.durationMs || 1;
    all += expectedMs;
    if (isDone(task.status)) done += expectedMs;
    else if (task.startMs > 0) done += Math.min(expectedMs * 0.99, Math.max(0, nowMs - task.startMs));
  }
  return all === 0 ? 0 : Math.min(1, done / all);
}
