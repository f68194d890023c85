/**
 * Causes of a recorded run from outside: results, decisions of people, messages and time. They are the events that no
 * decision of the definition emits. The run of the changed definition receives the same ones.
 */
import { ActorKind, type Cause, type ErrorDetail, WorkStatus } from "@tutti/contracts/types/v1";
import {
  type AnswerCache,
  ApprovalAskedV1,
  ApprovalClaimedV1,
  ApprovalDecidedV1,
  ApprovalDelegatedV1,
  ApprovalReleasedV1,
  AttemptFailedV1,
  AttemptQueuedV1,
  AttemptStartedV1,
  CacheAwaitedV1,
  ChildStartedV1,
  ClaimApproval,
  CompleteTask,
  ConfirmChild,
  DecideApproval,
  DelegateApproval,
  EndChild,
  FailTask,
  ModelCallsNotedV1,
  OfferReturnedV1,
  ProgressSavedV1,
  ReleaseApproval,
  RepairTask,
  RetryRun,
  RunLabelledV1,
  RunLimitHeldV1,
  RunLimitLostV1,
  RunRetriedV1,
  RunStoppedV1,
  SignalReceivedV1,
  TaskCompletedV1,
  TaskFailedV1,
  TaskPausedV1,
  TaskRepairedV1,
  UndoCompletedV1,
  UndoFailedV1,
  UpdateTakenV1,
  WorkSentBackV1,
} from "@tutti/contracts/workflow/v1";
import type { InstanceKey } from "@tutti/kernel";
import {
  cancelRun,
  claimApproval,
  completeTask,
  confirmChild,
  decideApproval,
  delegateApproval,
  failTask,
  labelRun,
  noteAttempt,
  noteModelCalls,
  noteProgress,
  pauseRun,
  type Run,
  type RunEffect,
  refuseChild,
  releaseApproval,
  repairTask,
  resumeRun,
  retryRun,
  returnTask,
  signalRun,
  takeEvent,
  terminateRun,
  updateRun,
} from "@tutti/machine-run";
import {
  findNode,
  kindOfTimer,
  nodeOfTimer,
  nodeTimers,
  runNode,
  runTimers,
  stateOfKind,
  visitNumberOf,
} from "@tutti/machine-run/reading";
import { noCause, type Stage, type StagedEvent } from "../stage.ts";
import type { EventDescription } from "./event-description.ts";

export interface ReplayedRun {
  readonly stage: Stage;
  readonly key: InstanceKey;
  readonly state: Run;
}

type Recorded = Pick<StagedEvent, "payload" | "timeMs">;
type CauseOf = (run: ReplayedRun, recorded: Recorded, description: EventDescription) => void;

/** A timer that is due so much later than the recorded event did not bring it. */
const slackMs = 10_000;

/** Does to a run what led to a recorded event. Nothing, when nothing from outside leads to such an event. */
export function reproduce(run: ReplayedRun, recorded: Recorded, description: EventDescription): void {
  const before = run.stage.eventCount;
  causes[description.type]?.(run, recorded, description);
  // A step that had done as much as one may continues by itself.
  if (run.stage.eventCount === before) fireRun(run, recorded, runTimers.putOff);
}

/** A timer that is long overdue fires, for every next event of the history. */
export function fireOverdue({ stage, key }: ReplayedRun, nowMs: number): void {
  for (const { number, dueMs } of stage.timersOf(key)) {
    if (dueMs >= nowMs - slackMs) return;
    const kind = kindOfTimer(number);
    const isRun = nodeOfTimer(number) === runNode;
    const waitsForOthers = isRun
      ? kind === runTimers.limit || kind === runTimers.putOff
      : kind === nodeTimers.again || kind === nodeTimers.limit || kind === nodeTimers.cache;
    if (waitsForOthers) continue;
    stage.expire(key, number);
    return;
  }
}

const causes: Readonly<Record<string, CauseOf>> = {
  run_begun: (run, recorded) => fireRun(run, recorded, runTimers.start),
  run_limit_asked(run, recorded) {
    if (!fireRun(run, recorded, runTimers.limit)) fireRun(run, recorded, runTimers.start);
  },
  run_limit_held({ stage, key }, { payload }) {
    const { limit, ticket, leaseDueMs, state } = RunLimitHeldV1.decode(payload);
    stage.call(key, "grant_limit", { limit, task: "", ticket, leaseDueMs, state });
  },
  run_limit_lost({ stage, key }, { payload, timeMs }) {
    const { limit, error, retryMs } = RunLimitLostV1.decode(payload);
    const retryAfterMs = Math.max(0, retryMs - timeMs);
    const { code = "", message = "" } = error ?? {};
    stage.call(key, "decline_limit", { limit, task: "", code, message, retryAfterMs });
  },
  run_paused: ({ stage, key }) => void stage.execute(key, pauseRun, { reason: "" }),
  run_resumed: ({ stage, key }) => void stage.execute(key, resumeRun, { reason: "", taskIds: [] }),
  run_labelled({ stage, key, state }, { payload }) {
    const { labels, priority, dueMs } = RunLabelledV1.decode(payload);
    const removedLabels = Object.keys(state.facts.labels).filter((name) => !(name in labels));
    const own = priority - (state.plan?.plan.run.priority ?? 0);
    stage.execute(key, labelRun, { labels, removedLabels, priority: own, dueMs });
  },
  run_stopped(run, recorded) {
    const { status } = RunStoppedV1.decode(recorded.payload);
    if (status === WorkStatus.WORK_STATUS_CANCELLED)
      run.stage.execute(run.key, cancelRun, { reason: "", noCompensate: false });
    else fireRun(run, recorded, runTimers.timeout);
  },
  run_failed: (run, recorded) => void fireRun(run, recorded, runTimers.timeout),
  run_cancelled: ({ stage, key }) => void stage.execute(key, cancelRun, { reason: "", noCompensate: false }),
  run_terminated: ({ stage, key }) => void stage.execute(key, terminateRun, { reason: "" }),
  run_retried({ stage, key }, { payload }, { details }) {
    const taskIds = (details["tasks"] ?? []) as string[];
    const { nodes, inputs } = RunRetriedV1.decode(payload);
    const taskInputs = inputs.map(({ node, input }) => ({
      taskId: taskIds[nodes.indexOf(node)] ?? "",
      input,
    }));
    stage.execute(key, retryRun, RetryRun.fromPartial({ taskIds, inputs: taskInputs }));
  },
  task_repaired({ stage, key }, { payload }, { task }) {
    const { output, error, skipDependents, reason } = TaskRepairedV1.decode(payload);
    const repair =
      output !== undefined
        ? { $case: "output" as const, value: output }
        : error !== undefined
          ? { $case: "error" as const, value: error }
          : { $case: "skip" as const, value: { skipDependents } };
    stage.execute(key, repairTask, { ...RepairTask.create(), taskId: task, reason, repair });
  },
  task_resumed: ({ stage, key }, _, { task }) =>
    void stage.execute(key, resumeRun, { reason: "", taskIds: [task] }),
  signal_received(run, { payload }) {
    const { stage, key } = run;
    const { signal } = SignalReceivedV1.decode(payload);
    if (signal?.event !== undefined) {
      const { digest, timeMs, taskId } = signal.event;
      const { body } = signal.payload ?? {};
      const event = body?.$case === "inline" ? body.value : new Uint8Array(0);
      const effect = effectFor(run, taskId, "await_event");
      if (effect !== undefined) stage.settle(effect, takeEvent, { event, digest, timeMs });
      return;
    }
    stage.execute(key, signalRun, { signal: signal?.signal ?? "", payload: signal?.payload });
  },
  update_taken({ stage, key }, { payload }) {
    const { update, payload: updatePayload } = UpdateTakenV1.decode(payload);
    stage.execute(key, updateRun, { update, payload: updatePayload });
  },
  /** The result of an attempt waits for people. A task that asks by itself has no attempt. */
  approval_asked(run, { payload }, { task }) {
    const { output, outputPayload, agent, used, rule, next } = ApprovalAskedV1.decode(payload);
    const effect = effectFor(run, task, "offer_task");
    const questions = rule === undefined ? next : [rule, ...next];
    const body = { output, outputPayload, agent, used, questions, runMs: 0 };
    if (effect !== undefined) run.stage.settle(effect, completeTask, body, causeOf(agent));
  },
  approval_decided(run, recorded, { task }) {
    const { stage, key } = run;
    const { decision } = ApprovalDecidedV1.decode(recorded.payload);
    if (decision === undefined) {
      fireNode(run, recorded, task, nodeTimers.approval);
      return;
    }
    const { verdict, data, cause } = decision;
    const roles = cause?.actor === undefined ? [] : [cause.actor.id];
    const body = DecideApproval.fromPartial({
      approvalId: task,
      verdict,
      reason: cause?.reason ?? "",
      roles,
    });
    stage.execute(key, decideApproval, { ...body, data }, { cause: { ...noCause, actor: cause?.actor } });
  },
  approval_claimed({ stage, key }, { payload }, { task }) {
    const person = ApprovalClaimedV1.decode(payload).claim?.person ?? "";
    const body = ClaimApproval.fromPartial({ approvalId: task, roles: [person] });
    stage.execute(key, claimApproval, body, { cause: { ...noCause, actor: personOf(person) } });
  },
  approval_delegated({ stage, key }, { payload }, { task }) {
    const { person = "", people = [], reason = "" } = ApprovalDelegatedV1.decode(payload).delegation ?? {};
    const body = DelegateApproval.fromPartial({ approvalId: task, people, reason, roles: [person] });
    stage.execute(key, delegateApproval, body, { cause: { ...noCause, actor: personOf(person) } });
  },
  approval_released(run, recorded, { task }) {
    const { person } = ApprovalReleasedV1.decode(recorded.payload);
    if (fireNode(run, recorded, task, nodeTimers.approval)) return;
    const body = ReleaseApproval.fromPartial({ approvalId: task, person });
    run.stage.execute(run.key, releaseApproval, body, { cause: { ...noCause, actor: personOf(person) } });
  },
  attempt_started(run, { payload }, { task }) {
    const { agent, startMs } = AttemptStartedV1.decode(payload);
    const effect = effectFor(run, task, "offer_task");
    if (effect !== undefined) run.stage.settle(effect, noteAttempt, { agent, startMs });
  },
  progress_saved(run, { payload }, { task }) {
    const { saved, fraction, message } = ProgressSavedV1.decode(payload);
    const effect = effectFor(run, task, "offer_task");
    if (effect !== undefined) run.stage.settle(effect, noteProgress, { saved, fraction, message });
  },
  model_calls_noted(run, { payload }, { task }) {
    const { agent, calls } = ModelCallsNotedV1.decode(payload);
    const effect = effectFor(run, task, "offer_task");
    if (effect !== undefined) run.stage.settle(effect, noteModelCalls, { agent, calls });
  },
  offer_returned(run, { payload, timeMs }, { task }) {
    const { message, retryMs, lost } = OfferReturnedV1.decode(payload);
    const effect = effectFor(run, task, "offer_task");
    const body = { retryAfterMs: Math.max(0, retryMs - timeMs), message, lost };
    if (effect !== undefined) run.stage.settle(effect, returnTask, body);
  },
  attempt_queued(run, recorded, description) {
    const { cacheMiss: miss } = AttemptQueuedV1.decode(recorded.payload);
    if (!answerCache(run, description, { miss })) fireNode(run, recorded, description.task, nodeTimers.again);
  },
  cache_awaited(run, { payload, timeMs }, description) {
    const { dueMs } = CacheAwaitedV1.decode(payload);
    answerCache(run, description, { waitMs: Math.max(1, dueMs - timeMs) });
  },
  child_queued: (run, recorded, { task }) => void fireNode(run, recorded, task, nodeTimers.again),
  task_held: (run, recorded, { task }) => void fireNode(run, recorded, task, nodeTimers.again),
  round_begun: (run, recorded, { task }) => void fireNode(run, recorded, task, nodeTimers.round),
  transition_taken: (run, recorded) => void fireRun(run, recorded, runTimers.state),
  state_time_passed: (run, recorded) => void fireRun(run, recorded, runTimers.state),
  task_completed: taskEnded,
  undo_completed: undone,
  undo_failed: attemptEnded,
  attempt_failed: attemptEnded,
  task_failed: attemptEnded,
  task_paused: attemptEnded,
  work_sent_back: returnWork,
  child_started(run, { payload }, { task }) {
    const { hash } = ChildStartedV1.decode(payload);
    const effect = effectFor(run, task, "start_child");
    if (effect !== undefined) run.stage.settle(effect, confirmChild, ConfirmChild.fromPartial({ hash }));
  },
};

/** The messages that bear an error. */
const failures: Readonly<
  Record<string, { decode(bytes: Uint8Array): { readonly error: ErrorDetail | undefined } }>
> = {
  attempt_failed: AttemptFailedV1,
  task_failed: TaskFailedV1,
  task_paused: TaskPausedV1,
  undo_failed: UndoFailedV1,
};

function taskEnded(run: ReplayedRun, recorded: Recorded, description: EventDescription): void {
  const { stage, key, state } = run;
  const { output, outputPayload, agent, used, fromCache } = TaskCompletedV1.decode(recorded.payload);
  const { task } = description;
  const effect = effectFor(run, task, "offer_task");
  if (fromCache) {
    const inline = { body: { $case: "inline" as const, value: output }, mediaType: "" };
    answerCache(run, description, { found: true, output: outputPayload ?? inline });
    return;
  }
  if (effect !== undefined) {
    const body = CompleteTask.fromPartial({ output, agent });
    stage.settle(effect, completeTask, { ...body, outputPayload, used }, causeOf(agent));
    return;
  }
  const runId = stateOfKind(state.nodes[findNode(state, task) ?? -1], "child")?.childId ?? "";
  if (runId !== "") {
    const ending = { runId, status: WorkStatus.WORK_STATUS_COMPLETED, output };
    stage.call(key, "end_child", EndChild.fromPartial({ taskId: task, ending }));
    return;
  }
  fireNode(run, recorded, task, nodeTimers.wait);
}

/** With an output that the history does not have: no caller reads it. */
function undone(run: ReplayedRun, { payload }: Recorded, { task }: EventDescription): void {
  const { agent } = UndoCompletedV1.decode(payload);
  const effect = effectFor(run, task, "offer_task");
  if (effect !== undefined)
    run.stage.settle(effect, completeTask, CompleteTask.fromPartial({ agent }), causeOf(agent));
}

/** A task whose check did not hold came with the output that the report is about. A gate looks by itself. */
function returnWork(run: ReplayedRun, { payload }: Recorded, { task }: EventDescription): void {
  const effect = effectFor(run, task, "offer_task");
  if (effect === undefined) return;
  const { report, used } = WorkSentBackV1.decode(payload);
  const { output } = JSON.parse(Buffer.from(report).toString()) as { readonly output?: unknown };
  const outputBytes = Buffer.from(output === undefined ? "" : JSON.stringify(output));
  const body = { ...CompleteTask.fromPartial({ output: outputBytes }), used };
  run.stage.settle(effect, completeTask, body, causeOf(""));
}

function personOf(id: string): Cause["actor"] {
  return { kind: ActorKind.ACTOR_KIND_PERSON, id };
}

function attemptEnded(run: ReplayedRun, recorded: Recorded, description: EventDescription): void {
  const { stage, key, state } = run;
  const { type, task } = description;
  const error = failures[type]?.decode(recorded.payload).error;
  if (error === undefined) return;
  const isTime = error.code === "workflow.timed_out";
  if (!isTime && answerCache(run, description, { error })) return;
  if (isTime || effectFor(run, task) === undefined) {
    const timers = [nodeTimers.total, nodeTimers.wait, nodeTimers.approval];
    if (timers.some((kind) => fireNode(run, recorded, task, kind))) return;
  }
  const offer = effectFor(run, task, "offer_task");
  if (offer !== undefined && !isTime) {
    const body = { ...FailTask.create(), error };
    stage.settle(offer, failTask, body, causeOf(""));
    return;
  }
  const start = effectFor(run, task, "start_child");
  if (start !== undefined) {
    stage.settle(start, refuseChild, { error });
    return;
  }
  const runId = stateOfKind(state.nodes[findNode(state, task) ?? -1], "child")?.childId ?? "";
  if (runId === "") return;
  const status = WorkStatus.WORK_STATUS_FAILED;
  const ending = { runId, status, error: error.cause ?? error };
  stage.call(key, "end_child", EndChild.fromPartial({ taskId: task, ending }));
}

function causeOf(agent: string): Cause {
  return { ...noCause, actor: { kind: ActorKind.ACTOR_KIND_AGENT, id: agent } };
}

/** Returns the effect that a task waits for. */
function effectFor({ stage, key }: ReplayedRun, task: string, kind?: RunEffect["kind"]) {
  return stage.effectsOf(key).find(({ effect }) => {
    // Runs make no others.
    const known = effect as RunEffect;
    return "taskId" in known && known.taskId === task && (kind === undefined || known.kind === kind);
  });
}

/** Delivers the recorded reply of the cache. Returns false for a task that does not ask it. */
function answerCache(
  { stage, key, state }: ReplayedRun,
  { task }: EventDescription,
  reply: Pick<Partial<AnswerCache>, "found" | "output" | "waitMs" | "error" | "miss">,
): boolean {
  const node = state.nodes[findNode(state, task) ?? -1];
  const hasCacheTimer = stage
    .timersOf(key)
    .some(({ number }) => nodeOfTimer(number) === node?.number && kindOfTimer(number) === nodeTimers.cache);
  if (node === undefined || !hasCacheTimer) return false;
  const visit = visitNumberOf(state, node.number);
  const body = { taskId: task, visit, found: false, ...reply };
  stage.call(key, "answer_cache", body);
  return true;
}

function fireRun(run: ReplayedRun, recorded: Recorded, kind: number): boolean {
  return fire(run, recorded, runNode, kind);
}

function fireNode(run: ReplayedRun, recorded: Recorded, task: string, kind: number): boolean {
  const node = findNode(run.state, task);
  return node !== undefined && fire(run, recorded, node, kind);
}

/** A timer runs out, except when it is not set, or would not have run out by then. */
function fire({ stage, key }: ReplayedRun, { timeMs }: Recorded, node: number, kind: number): boolean {
  const found = stage
    .timersOf(key)
    .find(({ number }) => nodeOfTimer(number) === node && kindOfTimer(number) === kind);
  if (found === undefined) return false;
  // The pause before another attempt follows from chance. How long it may be was looked at when it started.
  const isByChance = node !== runNode && kind === nodeTimers.again;
  if (!isByChance && found.dueMs > timeMs + slackMs) return false;
  stage.expire(key, found.number);
  return true;
}
