/** The published events of runs. */
import { type ErrorDetail, Verdict, WorkStatus } from "@tutti/contracts/types/v1";
import type {
  ApprovalAskedV1,
  ApprovalClaimedV1,
  ApprovalDecidedV1,
  ApprovalDelegatedV1,
  ApprovalReleasedV1,
  AttemptFailedV1,
  RunBegunV1,
  RunContinuedV1,
  RunFailedV1,
  RunMovedV1,
  RunPausedV1,
  RunResetV1,
  RunStartedV1,
  RunStoppedV1,
  SignalReceivedV1,
} from "@tutti/contracts/workflow/v1";
import { headOf, type NoteOf, retryNote } from "@tutti/host/serving";
import { toTimestamp } from "@tutti/kernel";
import type { Run } from "@tutti/machine-run";
import { taskIdOf } from "@tutti/machine-run/reading";
import type { Happening } from "@tutti/runtime";
import type { PayloadBody, PayloadType, QuestionNote, WorkflowNote } from "./note.ts";
import {
  claimChangedOf,
  decidedOf,
  delegatedOf,
  withdrawnByReset,
  withdrawnIn,
  withdrawnInTask,
  withdrawnWithState,
} from "./questions.ts";

/** Event names with versions, each with the function that notes it. */
export const runNotes: Readonly<Record<string, NoteOf<Run, never>>> = {
  run_started: (run, { order, createMs, limits }: RunStartedV1, happening) => {
    const facts = {
      definition: order?.definition ?? "",
      hash: order?.hash ?? "",
      labels: order?.labels ?? {},
      parent: order?.parent,
    };
    const startMs = order?.startMs ?? 0;
    const isDelayed = startMs > createMs;
    const startTime = isDelayed ? toTimestamp(startMs) : undefined;
    const accepted = runNote(run, happening, "tutti.workflow.run.accepted", { ...facts, startTime });
    if (isDelayed || limits.length > 0) return accepted;
    return [accepted, runNote(run, happening, "tutti.workflow.run.started", facts)];
  },
  run_begun: (run, _body: RunBegunV1, happening) => {
    const { definition = "", hash = "", parent } = run.order ?? {};
    const labels = { ...run.facts.labels };
    return runNote(run, happening, "tutti.workflow.run.started", { definition, hash, labels, parent });
  },
  run_paused: (run, _body: RunPausedV1, happening) =>
    runNote(run, happening, "tutti.workflow.run.paused", { error: copied(run.error) }),
  run_resumed: (run, _body, happening) => runNote(run, happening, "tutti.workflow.run.resumed", {}),
  run_retried: (run, _body, happening) =>
    runNote(run, happening, "tutti.workflow.run.retried", { tasks: [] }),
  run_reset: (run, body: RunResetV1, happening) => [
    ...withdrawnByReset(run, body, happening),
    runNote(run, happening, "tutti.workflow.run.reset", { event: body.toEvent }),
  ],
  run_moved: (run, body: RunMovedV1, happening) => [
    ...withdrawnByReset(run, body, happening),
    runNote(run, happening, "tutti.workflow.run.moved", { hash: body.hash, fromHash: body.fromHash }),
  ],
  run_stopped: (run, { status }: RunStoppedV1, happening) => {
    const withdrawn = withdrawnIn(run, happening);
    if (status !== WorkStatus.WORK_STATUS_CANCELLED) return withdrawn;
    return [runNote(run, happening, "tutti.workflow.run.cancelling", {}), ...withdrawn];
  },
  run_completed: (run, _body, happening) => ended(run, happening, "tutti.workflow.run.completed"),
  run_cancelled: (run, _body, happening) => ended(run, happening, "tutti.workflow.run.cancelled"),
  run_terminated: (run, _body, happening) => [
    ...withdrawnIn(run, happening),
    ended(run, happening, "tutti.workflow.run.terminated"),
  ],
  run_failed: (run, { error }: RunFailedV1, happening) => {
    const task = error?.details["task"] ?? "";
    return runNote(run, happening, "tutti.workflow.run.failed", {
      ...endOf(run, happening),
      error: copied(error),
      task,
    });
  },
  run_continued: (run, { nextId: id }: RunContinuedV1, happening) => {
    const successor = { namespace: happening.key.namespace, kind: "run", id, task: "" };
    return runNote(run, happening, "tutti.workflow.run.continued", { ...endOf(run, happening), successor });
  },
  signal_received: (run, { signal }: SignalReceivedV1, happening) =>
    signal?.event === undefined
      ? runNote(run, happening, "tutti.workflow.run.signalled", { signal: signal?.signal ?? "" })
      : happening,
  approval_asked: (_run, { approvalId }: ApprovalAskedV1, happening): QuestionNote => ({
    kind: "question",
    ...headOf(happening),
    approvalId,
  }),
  approval_decided: (run, { node, verdict }: ApprovalDecidedV1, happening) => {
    // Other people have to decide too.
    if (verdict === Verdict.VERDICT_UNSPECIFIED) return happening;
    return decidedOf(run, { node, verdict }, happening);
  },
  approval_claimed: (run, { node, claim }: ApprovalClaimedV1, happening) =>
    claimChangedOf("tutti.workflow.approval.claimed", run, { node, person: claim?.person ?? "" }, happening),
  approval_released: (run, body: ApprovalReleasedV1, happening) =>
    claimChangedOf("tutti.workflow.approval.released", run, body, happening),
  approval_delegated: (run, body: ApprovalDelegatedV1, happening) => delegatedOf(run, body, happening),
  run_labelled: progress,
  transition_taken: withdrawnWithState,
  attempt_started: progress,
  attempt_failed: (run, body: AttemptFailedV1, happening) => [
    retryNote(inTraceOf(run, happening), taskIdOf(run, body.node), body),
    happening,
  ],
  task_completed: progress,
  task_failed: withdrawnInTask,
  task_skipped: progress,
  task_held: progress,
  task_paused: withdrawnInTask,
  task_resumed: progress,
  task_repaired: withdrawnInTask,
  task_waiting: progress,
  child_started: progress,
  signal_taken: progress,
  tasks_added: progress,
  tasks_withdrawn: progress,
  state_entered: progress,
  round_begun: progress,
  undo_completed: progress,
};

/** Returns the note of an event of a run, in the trace of the run unless the event's own cause has one. */
function runNote<T extends PayloadType>(
  run: Run,
  happening: Happening,
  type: T,
  body: PayloadBody<T>,
): WorkflowNote<T> {
  return { kind: "event", ...headOf(inTraceOf(run, happening)), type, body, part: 0 };
}

function inTraceOf({ order }: Run, happening: Happening): Happening {
  const { cause } = happening;
  if (cause.traceparent !== "" || (order?.traceparent ?? "") === "") return happening;
  return { ...happening, cause: { ...cause, traceparent: order?.traceparent ?? "" } };
}

function progress(_run: Run, _body: unknown, happening: Happening): Happening {
  return happening;
}

type PlainEnd = `tutti.workflow.run.${"completed" | "cancelled" | "terminated"}`;

/** Returns the note of an end without further details. */
function ended(run: Run, happening: Happening, type: PlainEnd): WorkflowNote<PlainEnd> {
  return runNote(run, happening, type, endOf(run, happening));
}

function endOf({ order, plan, beginMs, createMs }: Run, { timeMs }: Happening) {
  const definition = order?.definition || plan?.plan.name || "";
  return { definition, durationMs: Math.max(0, timeMs - (beginMs || createMs)) };
}

/** The error object of the run may change later. */
function copied(error: ErrorDetail | undefined): ErrorDetail | undefined {
  return error && { ...error };
}
