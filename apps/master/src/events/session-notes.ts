/** The published events of sessions. */
import type {
  Mode,
  ModeChosenV1,
  PartMadeV1,
  PlanMadeV1,
  SessionAcceptedV1,
  SessionEndedV1,
  SessionSignalledV1,
  SessionStoppedV1,
  TasksMovedV1,
} from "@tutti/contracts/session/v1";
import { type ErrorDetail, WorkStatus } from "@tutti/contracts/types/v1";
import type { NoteOf } from "@tutti/host/serving";
import { modeName, partId, performanceOf, type Session, usedBy } from "@tutti/machine-session";
import type { Happening } from "@tutti/runtime";
import { eventNote } from "./session-note.ts";

const tasksMax = 100;

/** Event names with versions, each with the function that notes it. */
export const sessionNotes: Readonly<Record<string, NoteOf<Session, never>>> = {
  session_accepted: (_session, { order }: SessionAcceptedV1, happening) => {
    const { title = "", mode = 0, labels = {}, work } = order?.spec ?? {};
    const tasks = work?.$case === "tasks" ? work.value.tasks.length : 0;
    const body = { name: title, mode: modeName(mode) || "adaptive", tasks, labels: { ...labels } };
    return eventNote(happening, "tutti.session.session.accepted", body);
  },
  mode_chosen: (_session, { choice, mode, parts }: ModeChosenV1, happening) => {
    const started = eventNote(happening, "tutti.session.session.started", { mode: modeName(mode) });
    if (choice === undefined) return started;
    const { confidence, reason } = choice;
    const choices = parts.map((part, index) =>
      eventNote(happening, "tutti.session.session.mode_chosen", {
        mode: modeName(part.mode),
        confidence,
        ...(parts.length > 1 ? { part: partId(index), reason: part.reason } : { part: "", reason }),
      }),
    );
    return [...choices, started];
  },
  plan_made: (session, { plan }: PlanMadeV1, happening) =>
    eventNote(happening, "tutti.session.session.planned", {
      plan: session.plans + 1,
      expectedMs: Math.max(0, (plan?.expectedEndMs ?? 0) - happening.timeMs),
      reason: plan?.reason ?? "",
    }),
  tasks_moved: (session, { tasks, toPart, reason }: TasksMovedV1, happening) =>
    rebalanced(session, { tasks, mode: session.parts[toPart]?.mode ?? 0, reason }, happening),
  // A part that takes over tasks of another part.
  part_made: (session, { part }: PartMadeV1, happening) => part && rebalanced(session, part, happening),
  session_paused: (_session, _body, happening) =>
    eventNote(happening, "tutti.session.session.paused", { error: undefined }),
  session_resumed: (_session, _body, happening) => eventNote(happening, "tutti.session.session.resumed", {}),
  session_signalled: (_session, { signal }: SessionSignalledV1, happening) =>
    eventNote(happening, "tutti.session.session.signalled", { signal: signal?.signal ?? "" }),
  session_stopped: (_session, { status }: SessionStoppedV1, happening) =>
    status === WorkStatus.WORK_STATUS_CANCELLED
      ? eventNote(happening, "tutti.session.session.cancelling", {})
      : undefined,
  session_ended: (session, { status, error }: SessionEndedV1, happening) => {
    const end = { mode: modeName(session.mode), durationMs: durationOf(session, happening) };
    switch (status) {
      case WorkStatus.WORK_STATUS_COMPLETED:
        return eventNote(happening, "tutti.session.session.completed", {
          ...end,
          efficiency: performanceOf(session, happening.timeMs)?.efficiency ?? 0,
          used: usedBy(session),
        });
      case WorkStatus.WORK_STATUS_FAILED:
        return eventNote(happening, "tutti.session.session.failed", { ...end, error: copied(error) });
      case WorkStatus.WORK_STATUS_CANCELLED:
        return eventNote(happening, "tutti.session.session.cancelled", end);
      default:
        return eventNote(happening, "tutti.session.session.terminated", end);
    }
  },
  part_confirmed: progress,
  tasks_noted: progress,
  questions_noted: progress,
  tasks_joined: progress,
};

/** Returns undefined for tasks that were in no part: they were added. */
function rebalanced(
  { tasks, parts }: Session,
  moved: { readonly tasks: readonly number[]; readonly mode: Mode; readonly reason: string },
  happening: Happening,
) {
  const before = parts[tasks[moved.tasks[0] ?? -1]?.part ?? -1];
  if (before === undefined) return undefined;
  return eventNote(happening, "tutti.session.session.rebalanced", {
    before: modeName(before.mode),
    mode: modeName(moved.mode),
    reason: moved.reason,
    tasks: moved.tasks.slice(0, tasksMax).map((number) => tasks[number]?.spec.id ?? ""),
  });
}

function progress(_session: Session, _body: unknown, happening: Happening): Happening {
  return happening;
}

function durationOf({ beginMs, createMs }: Session, { timeMs }: Happening): number {
  return Math.max(0, timeMs - (beginMs || createMs));
}

/** The error object of the session may change later. */
function copied(error: ErrorDetail | undefined): ErrorDetail | undefined {
  return error && { ...error };
}
