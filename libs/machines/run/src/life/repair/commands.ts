/** Retries and resets a run, and repairs a task. */

import { type ErrorDetail, TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import {
  type NodeInput,
  RepairTask,
  ResetRun,
  RetryRun,
  RunDone,
  type RunOrder,
  RunPhase,
  type RunSignal,
  RunSnapshotV1,
  type TaskInput,
} from "@tutti/contracts/workflow/v1";
import { isRefusal, type Refusal } from "@tutti/kernel";
import {
  add,
  bounded,
  isDone,
  noAmounts,
  reasonOf,
  StepBudget,
  statusName,
  taskStatusName,
} from "@tutti/machine-work";
import { policyOf } from "../../core/attempt/outcome.ts";
import { acquireNextForTask, isWaitingForLimits } from "../../core/limit/child-limits.ts";
import { limitsOf, releaseLimits } from "../../core/limit/limits.ts";
import { hasBudget } from "../../core/node/budget.ts";
import { undoneWithOwners } from "../../core/node/compensation-ledger.ts";
import { closureOf } from "../../core/node/reopen.ts";
import { idOf, type Place, placeOf } from "../../core/node/task-kind.ts";
import { stateOfKind } from "../../core/state/kind-state.ts";
import { findNode, nodeOfTask, rangeViewOf, statusOfNode, taskOf } from "../../core/state/places.ts";
import {
  hasEnded,
  isPresent,
  isWithdrawn,
  type NodeView,
  type RangeView,
  type Run,
  type RunCommand,
  type RunStep,
  type RunView,
  statusOf,
} from "../../core/state/state.ts";
import { isPast } from "../../core/state/transition-progress.ts";
import { life } from "../../core/state/work-life.ts";
import { runErrors } from "../../errors.ts";
import { askNextQuestion } from "../../kinds/approve/ask.ts";
import { requestAgain, unreadableSources } from "../../kinds/cache/cache.ts";
import { stopAllChildren, stopChildrenOf } from "../../kinds/child/stopping.ts";
import { isWithin, stopChildren } from "../../kinds/gate/send-back.ts";
import { deliverToWaiting } from "../../kinds/signal/delivery.ts";
import { advance } from "../advance/advance.ts";
import { acquireNext } from "../limit/acquire.ts";
import { withdrawContinuation } from "../run/end.ts";
import { runReset, runRetried, taskRepaired } from "./events.ts";

export const retryRun: RunCommand<RetryRun, RunDone> = {
  type: "retry_run",
  codec: RetryRun,
  reply: RunDone,
  decide(run, { taskIds, reason, inputs }, step) {
    const { id } = step.key;
    if (!isPresent(run)) return runErrors.runMissing.refusal({ id });
    const nodeInputs = inputsOfNodes(run, inputs);
    if (isRefusal(nodeInputs)) return nodeInputs;
    const nodes = nodeInputs.length > 0 && !hasEnded(run) ? [] : unwell(run);
    for (const task of taskIds) {
      const node = findNode(run, task);
      if (node === undefined) return runErrors.taskMissing.refusal({ id, task });
      if (isPast(run, run.ranges.indexOf(rangeViewOf(run, topmost(run, node)))))
        return runErrors.taskNotRepairable.refusal({ task, found: "that its state was left" });
      if (!nodes.includes(node)) nodes.push(topmost(run, node));
    }
    addUnreadable(run, nodes);
    const status = statusOf(run);
    const isNotStarted = run.phase === RunPhase.RUN_PHASE_WAITING;
    const isRepeatable = !isWithdrawn(run) && !isNotStarted && retriable.has(status);
    if (!isRepeatable || (nodes.length === 0 && !hasEnded(run)))
      return runErrors.nothingToRetry.refusal({ id, status: statusName(status), isRepeatable });
    const limits = hasEnded(run) ? limitIdsOf(run) : [];
    stopChildren({ run, step, budget: new StepBudget(), number: -1 }, nodes);
    step.emit(runRetried, {
      nodes,
      reason: reasonOf(reason),
      limits,
      retryMs: step.nowMs,
      inputs: nodeInputs,
    });
    if (limits.length > 0) acquireNext(run, step);
    advance(run, step);
    return {};
  },
};

/** Returns the inputs by node. Only a task of the run itself that has an input can be given one. */
function inputsOfNodes(run: RunView, inputs: readonly TaskInput[]): NodeInput[] | Refusal {
  const found: NodeInput[] = [];
  for (const { taskId, input } of inputs) {
    const node = findNode(run, taskId);
    if (node === undefined) return runErrors.taskMissing.refusal({ id: run.key.id, task: taskId });
    const range = rangeViewOf(run, node);
    const { kind, forEach } = taskOf(range, node);
    if (range.owner >= 0 || range.isDropped)
      return runErrors.taskNotRepairable.refusal({ task: taskId, found: "it is a part of another task" });
    if (!inputKinds.has(kind) || forEach >= 0)
      return runErrors.taskNotRepairable.refusal({ task: taskId, found: "it has no input" });
    found.push({ node, input });
  }
  return found;
}

const inputKinds: ReadonlySet<string> = new Set(["uses", "function", "workflow", "mission"]);

/** A run in progress can have tasks that wait for a person. */
const retriable: ReadonlySet<WorkStatus> = new Set([
  WorkStatus.WORK_STATUS_RUNNING,
  WorkStatus.WORK_STATUS_PAUSED,
  WorkStatus.WORK_STATUS_FAILED,
  WorkStatus.WORK_STATUS_CANCELLED,
  WorkStatus.WORK_STATUS_TERMINATED,
]);

/** Returns the unsuccessful tasks of the run itself. Their parts are repeated with them. */
function unwell(run: RunView): number[] {
  const nodes: number[] = [];
  const undone = undoneWithOwners(run);
  for (const [place, range] of run.ranges.entries()) {
    if (range.owner >= 0 || isPast(run, place)) continue;
    for (let number = range.first; number < range.first + range.count; number++)
      if (undone.has(number) || isUnwell(currentStatus(run, number))) nodes.push(number);
  }
  return nodes;
}

/** Adds the cached tasks whose stored output was missing or damaged: otherwise the retried task reads the same again. */
function addUnreadable(run: RunView, nodes: number[]): void {
  for (const number of [...nodes]) {
    const { error } = run.nodes[number] ?? {};
    if (error === undefined || statusOfNode(run, number) !== TaskStatus.TASK_STATUS_FAILED) continue;
    for (const source of unreadableSources(run, number, error))
      if (!nodes.includes(source) && rangeViewOf(run, source).owner < 0) nodes.push(source);
  }
}

/**
 * A task failed because the cached output that it reads is missing or damaged: computes that output again, once. The
 * dependents of the cached task start over. Work that is done is not repeated: then the task stays failed.
 */
export function recomputeUnreadable({ run, step, budget, number }: Place, error: ErrorDetail): void {
  const isFailed = statusOfNode(run, number) === TaskStatus.TASK_STATUS_FAILED;
  if (!isFailed || run.phase !== RunPhase.RUN_PHASE_GOING || run.pauseMs > 0) return;
  const nodes = unreadableSources(run, number, error).filter((source) => {
    const node = run.nodes[source];
    return node?.more?.fromCache === true && node.visit <= 1;
  });
  if (nodes.length === 0 || run.ending !== WorkStatus.WORK_STATUS_UNSPECIFIED) return;
  const reopened = closureOf(run as Run, new Set(nodes));
  const repeatsWork = run.nodes.some(
    (node) =>
      node !== undefined &&
      !nodes.includes(node.number) &&
      isWithin(run, reopened, node.number) &&
      !isRepeatable(node, placeOf(run, node.number, step, budget)),
  );
  if (repeatsWork) return;
  stopChildren({ run, step, budget, number: -1 }, nodes);
  const names = nodes.map((source) => `\`${idOf(placeOf(run, source, step, budget))}\``);
  const reason = `the cached output of ${names.join(", ")} was missing or damaged`;
  step.emit(runRetried, { nodes, reason, limits: [], retryMs: step.nowMs, inputs: [] });
}

/** Returns whether a dependent task has no result yet that is lost if it starts over. */
function isRepeatable({ status, attempt }: NodeView, place: Place): boolean {
  if (status === TaskStatus.TASK_STATUS_COMPLETED) return false;
  return attempt === 0 || policyOf(place).failWhenLost !== true;
}

/**
 * Returns the status of a node. For a node that is being undone, the status after that is reverted, except if
 * it completed.
 */
function currentStatus(run: RunView, number: number): TaskStatus {
  const earlierEffect = run.nodes[number]?.more?.undo?.earlierEffect;
  return run.undoing === number && earlierEffect !== undefined
    ? earlierEffect.status
    : statusOfNode(run, number);
}

function isUnwell(status: TaskStatus): boolean {
  switch (status) {
    case TaskStatus.TASK_STATUS_FAILED:
    case TaskStatus.TASK_STATUS_CANCELLED:
    case TaskStatus.TASK_STATUS_PAUSED:
    case TaskStatus.TASK_STATUS_COMPENSATING:
    case TaskStatus.TASK_STATUS_COMPENSATED:
      return true;
    default:
      return false;
  }
}

/** Returns the task of the run that a part belongs to: the part is repeated with it. */
function topmost(run: RunView, number: number): number {
  let top = number;
  for (let range = rangeViewOf(run, top); range.owner >= 0; range = rangeViewOf(run, top)) top = range.owner;
  return top;
}

export const resetRun: RunCommand<ResetRun, RunDone> = {
  type: "reset_run",
  codec: ResetRun,
  reply: RunDone,
  decide(run, { toEvent, snapshot, keepSignals, signals, reason }, step) {
    const { id } = step.key;
    if (!isPresent(run)) return runErrors.runMissing.refusal({ id });
    if (isWithdrawn(run))
      return runErrors.nothingToRetry.refusal({ id, status: statusName(statusOf(run)), isRepeatable: false });
    const problem = snapshotProblem(run, snapshot);
    if (problem !== undefined) return runErrors.resetInvalid.refusal({ problem });
    const { nodes, phase, nextId } = RunSnapshotV1.decode(snapshot);
    const retainedIds = new Set(
      nodes.flatMap(({ childId, status }) => (childId === "" || isDone(status) ? [] : [childId])),
    );
    // A child that was running at that event, and still is, continues.
    stopAllChildren(
      run,
      step,
      new StepBudget(),
      "cancel",
      (node) => !retainedIds.has(stateOfKind(node, "child")?.childId ?? ""),
    );
    withdrawNextRun(run, step, nextId, reasonOf(reason));
    const limits = hasEnded(run) ? limitIdsOf(run) : [];
    if (phase === RunPhase.RUN_PHASE_ENDED) releaseLimits(run, step);
    step.emit(runReset, {
      toEvent,
      snapshot: withUsedSince(run, snapshot),
      signals: keepSignals ? [...signals] : [],
      reason: reasonOf(reason),
      limits,
      resetMs: step.nowMs,
      resets: (run.more?.resets ?? 0) + 1,
    });
    if (isDueForLimits(run, step)) acquireNext(run, step);
    for (const node of run.nodes) {
      if (node === undefined) continue;
      const place = placeOf(run, node.number, step, new StepBudget());
      if (isWaitingForLimits(node)) acquireNextForTask(place);
      requestAgain(place);
      // The step that approved its output asked the next question in a separate event.
      askNextQuestion(place);
    }
    // Tasks that waited at that event have not seen later signals.
    const budget = new StepBudget();
    for (const signal of [...(run.more?.signals ?? [])])
      deliverToWaiting(run, signal as RunSignal, step, budget);
    advance(run, step);
    return {};
  },
};

/** Amounts that were used stay used. */
function withUsedSince(run: RunView, snapshot: Uint8Array): Uint8Array {
  if (!hasBudget(run)) return snapshot;
  const used = noAmounts();
  for (const each of [run.used, run.reserved]) add(used, each);
  return RunSnapshotV1.encode({ ...RunSnapshotV1.decode(snapshot), used }).finish();
}

/** Withdraws the run that continued this one, unless the reset state has the same continuation. */
function withdrawNextRun(run: RunView, step: RunStep, retainedId: string, reason: string): void {
  const { nextId = "" } = run.more ?? {};
  if (nextId !== "" && nextId !== retainedId) withdrawContinuation(run, step, nextId, reason);
}

/** Returns the limits that it held until it ended. */
function limitIdsOf(run: RunView): string[] {
  const required = run.order === undefined ? undefined : limitsOf(run, run.order as RunOrder);
  return required?.ok === true ? required.limits.map(({ id }) => id) : [];
}

/** Returns whether the run waits for its limits, and not for its start. */
function isDueForLimits({ phase, more, order }: RunView, { nowMs }: RunStep): boolean {
  if (phase !== RunPhase.RUN_PHASE_WAITING || (more?.limits.length ?? 0) === 0) return false;
  return more?.isDue === true || (order?.startMs ?? 0) <= nowMs;
}

function snapshotProblem(run: RunView, bytes: Uint8Array): string | undefined {
  try {
    const { runId, order, createMs } = RunSnapshotV1.decode(bytes);
    if (runId === run.key.id && order !== undefined && createMs === run.createMs) return undefined;
    return `expected a state of ${run.key.id} after it was started, got one of ${runId === "" ? "no run" : runId}`;
  } catch (error) {
    return `expected an encoded state, got ${error instanceof Error ? error.message : "something else"}`;
  }
}

export const repairTask: RunCommand<RepairTask, RunDone> = {
  type: "repair_task",
  codec: RepairTask,
  reply: RunDone,
  decide(run, { taskId, repair, reason }, step) {
    const refusal = life.refusalIfEnded(run, step);
    if (refusal !== undefined) return refusal;
    const node = findNode(run, taskId);
    if (node === undefined) return runErrors.taskMissing.refusal({ id: step.key.id, task: taskId });
    const rested = repairRefusal(run, node, taskId);
    if (rested !== undefined) return rested;
    // Its running child no longer counts either.
    stopChildrenOf(run, step, new StepBudget(), node, "cancel");
    const isSkip = repair?.$case === "skip";
    step.emit(taskRepaired, {
      node,
      status: isSkip ? skipped : repair?.$case === "error" ? failed : completed,
      output: repair?.$case === "output" ? repair.value : undefined,
      error: repair?.$case === "error" ? bounded(repair.value) : undefined,
      skipDependents: isSkip && repair.value.skipDependents,
      reason: reasonOf(reason),
      endMs: step.nowMs,
    });
    advance(run, step);
    return {};
  },
};

const skipped = TaskStatus.TASK_STATUS_SKIPPED;
const failed = TaskStatus.TASK_STATUS_FAILED;
const completed = TaskStatus.TASK_STATUS_COMPLETED;

/** Refuses the repair of an ended task if a dependent task has started. */
function repairRefusal(run: RunView, number: number, task: string): Refusal | undefined {
  if (run.phase !== RunPhase.RUN_PHASE_GOING)
    return runErrors.taskNotRepairable.refusal({ task, found: `the run ${statusName(statusOf(run))}` });
  const status = statusOfNode(run, number);
  const range = rangeViewOf(run, number);
  if (range.isDropped) return runErrors.taskNotRepairable.refusal({ task, found: "it is detached" });
  if (!isDone(status)) return undefined;
  if (range.isEntries || range.owner >= 0)
    return runErrors.taskNotRepairable.refusal({ task, found: `it ${taskStatusName(status)}` });
  for (const next of nextOf(run, range, number)) {
    const nextStatus = statusOfNode(run, next);
    const hasStarted =
      nextStatus !== TaskStatus.TASK_STATUS_PENDING && nextStatus !== TaskStatus.TASK_STATUS_SKIPPED;
    if (hasStarted)
      return runErrors.taskNotRepairable.refusal({
        task,
        found: `a task that needs it ${taskStatusName(nextStatus)}`,
      });
  }
  return undefined;
}

/** Returns the tasks that follow a task: in its range, and among added tasks. */
function nextOf(run: RunView, range: RangeView, number: number): number[] {
  const { offsets, targets } = range.plan.plan.edges;
  const place = range.firstTask + number - range.first;
  const siblings = targets
    .slice(offsets[place] ?? 0, offsets[place + 1] ?? 0)
    .map((task) => range.first + task - range.firstTask);
  // Tasks that were stopped with the task that added them may have been created again since.
  const added = (run.more?.followers?.get(number) ?? []).filter((follower) => !follower.range.isDropped);
  return [...siblings, ...added.map((follower) => nodeOfTask(follower.range, follower.task))];
}
