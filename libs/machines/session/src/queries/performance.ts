/** Performance of a session: work done by time and slots, waits of ready tasks, and errors of predictions. */
import { MonitoringLevel, type Performance } from "@tutti/contracts/session/v1";
import { isDone } from "@tutti/machine-work";
import { hasEnded, type SessionView, specOf, type TaskView } from "../state.ts";
import { Concurrency } from "./concurrency.ts";
import { waitedFor } from "./waited.ts";

export function performanceOf(session: SessionView, nowMs: number): Performance | undefined {
  if (specOf(session).monitoring?.level === MonitoringLevel.MONITORING_LEVEL_MINIMAL || session.beginMs === 0)
    return undefined;
  const untilMs = hasEnded(session) ? session.endMs : nowMs;
  const elapsedMs = Math.max(0, untilMs - session.beginMs);
  const atWork = new Concurrency(
    session.tasks.flatMap(({ startMs, endMs }) =>
      startMs === 0 ? [] : [{ fromMs: startMs, toMs: endMs || untilMs }],
    ),
  );
  const workMs = session.tasks.reduce((sum, task) => sum + timeAt(task, untilMs), 0);
  const slots = atWork.most;
  const expectedEndMs = session.plan?.expectedEndMs ?? 0;
  return {
    efficiency: slots === 0 || elapsedMs === 0 ? 0 : Math.min(1, workMs / (slots * elapsedMs)),
    workMs,
    elapsedMs,
    slots: elapsedMs === 0 ? 0 : workMs / elapsedMs,
    waits: waitedFor(session, atWork, untilMs),
    ...predictionsOf(session),
    lateMs: expectedEndMs > 0 ? untilMs - expectedEndMs : 0,
    replans: Math.max(0, session.plans - 1),
    moves: session.moves.length,
  };
}

/** Returns how long an agent worked on a task. */
function timeAt({ startMs, endMs }: TaskView, untilMs: number): number {
  return startMs === 0 ? 0 : Math.max(0, (endMs || untilMs) - startMs);
}

/** Compares the duration that a plan, or else the author, predicted for a task with the real one. */
function predictionsOf({ tasks }: SessionView): Pick<Performance, "predicted" | "predictionError"> {
  let predicted = 0;
  let errors = 0;
  for (const task of tasks) {
    const expectedMs = task.plannedEndMs - task.plannedStartMs || task.spec.estimate?.durationMs || 0;
    if (expectedMs <= 0 || task.startMs === 0 || task.endMs <= task.startMs) continue;
    const actualMs = timeAt(task, task.endMs);
    errors += Math.abs(expectedMs - actualMs) / Math.max(1, actualMs);
    predicted += 1;
  }
  return { predicted, predictionError: predicted === 0 ? 0 : errors / predicted };
}

/** Returns the completed share of its work: by expected durations if there are any, else by tasks. */
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
