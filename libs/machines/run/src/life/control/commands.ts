/** Starts, pauses, resumes and ends a run. Changes the facts by which it is found. */

import { TaskStatus, WorkStatus } from "@tutti/contracts/types/v1";
import {
  type BeginRun,
  CancelRun,
  LabelRun,
  PauseRun,
  RemoveRun,
  ResumeRun,
  RunBegun,
  RunDone,
  RunOrder,
  RunPhase,
  TerminateRun,
  type WithdrawRun,
} from "@tutti/contracts/workflow/v1";
import { isRefusal, type ReadOnly, type Refusal } from "@tutti/kernel";
import {
  detailOfRefusal,
  differencesIn,
  isSameParent,
  isSameRequest,
  jsonDifferences,
  labelsMax,
  noBytes,
  reasonOf,
  StepBudget,
  withdrawRun as withdrawMessage,
} from "@tutti/machine-work";
import { limitsOf } from "../../core/limit/limits.ts";
import { awaitsDetachedStarts } from "../../core/node/detached-children.ts";
import { taskResumed } from "../../core/node/events.ts";
import { planNeededBy } from "../../core/plan/plan-of.ts";
import { priorityMax } from "../../core/state/limits.ts";
import { findNode } from "../../core/state/places.ts";
import {
  hasEnded,
  isPresent,
  isWithdrawn,
  type RunCommand,
  type RunStep,
  type RunView,
  statusOf,
} from "../../core/state/state.ts";
import { life } from "../../core/state/work-life.ts";
import { runErrors } from "../../errors.ts";
import { stopAllChildren } from "../../kinds/child/stopping.ts";
import { advance, stopRun } from "../advance/advance.ts";
import { acquireNext } from "../limit/acquire.ts";
import { beginMessage, terminateNow, withdrawContinuation } from "../run/end.ts";
import {
  runLabelled,
  runPaused,
  runRemoved,
  runResumed,
  runStarted,
  runStopped,
  runWithdrawn,
} from "../run/events.ts";

const done: RunDone = {};

export const beginRun: RunCommand<BeginRun, RunBegun> = {
  ...beginMessage,
  reply: RunBegun,
  needs: ({ order }) => planNeededBy(order),
  decide(run, { order }, step) {
    if (run.order !== undefined) return repeatedStart(run, order, step);
    const problem = orderProblem(order);
    if (problem !== undefined || order === undefined)
      return runErrors.orderInvalid.refusal({ problem: problem ?? "expected an order, got none" });
    const required = limitsOf(run, order);
    const limits = required.ok ? required.limits.map(({ id }) => id) : [];
    step.emit(runStarted, { order, createMs: step.nowMs, limits });
    if (!required.ok) stopRun(run, step, WorkStatus.WORK_STATUS_FAILED, required.error);
    else if (order.startMs <= step.nowMs && limits.length > 0) acquireNext(run, step);
    else advance(run, step);
    return { existed: false, status: statusOf(run) };
  },
};

function repeatedStart(
  run: RunView,
  order: ReadOnly<RunOrder> | undefined,
  step: RunStep,
): RunBegun | Refusal {
  // A parent that starts a run again after it withdrew it learns that the run does not start.
  const isOurs = isWithdrawn(run) && isSameParent(run.order?.parent, order?.parent);
  return life.startedAgain(run, step, isOurs || isSameOrder(run.order, order), () =>
    differences(run.order, order),
  );
}

function isSameOrder(one: ReadOnly<RunOrder> | undefined, other: ReadOnly<RunOrder> | undefined): boolean {
  const before = one?.requestHash ?? noBytes;
  const now = other?.requestHash ?? noBytes;
  // The first half contains everything except the name of the version, which is irrelevant if both are the
  // same version.
  const isSameVersion = before.length === 32 && now.length === 32 && one?.hash === other?.hash;
  return isSameRequest(before, now, isSameVersion ? 16 : undefined);
}

const orderFields = {
  definition: "workflow",
  plan: "tasks",
  inputPayload: "input",
  parameters: "parameters",
  labels: "labels",
  priority: "priority",
  pool: "pool",
  dueMs: "due time",
  timeoutMs: "timeout",
  retentionMs: "retention",
  budget: "budget",
  startMs: "start time",
  parent: "parent",
};

/**
 * Returns the differences. Empty for a run that was withdrawn, and for an order whose definition was not
 * found.
 */
function differences(
  before: ReadOnly<RunOrder> | undefined,
  now: ReadOnly<RunOrder> | undefined,
): readonly string[] {
  if (before === undefined || now === undefined || isBare(before) || isBare(now)) return [];
  const found = [...differencesIn(before, now, orderFields)];
  if (Buffer.compare(before.input, now.input) !== 0) {
    const fields = jsonDifferences(before.input, now.input);
    found.push(fields.length === 0 ? "input" : `input ${fields.join(", ")}`);
  }
  if (found.length > 0 || before.hash === now.hash) return found;
  return ["version"];
}

function isBare({ hash, plan }: ReadOnly<RunOrder>): boolean {
  return hash === "" && plan.length === 0;
}

function orderProblem(order: RunOrder | undefined): string | undefined {
  if (order === undefined) return "expected the workflow to run, got none";
  const { hash, plan, labels, priority, startMs, timeoutMs } = order;
  if ((hash === "") === (plan.length === 0)) return "expected either the hash of a definition or a plan";
  const count = Object.keys(labels).length;
  if (count > labelsMax) return `expected at most ${labelsMax} labels, got ${count}`;
  if (Math.abs(priority) > priorityMax)
    return `expected a priority from -${priorityMax} to ${priorityMax}, got ${priority}`;
  if (!(startMs >= 0 && timeoutMs >= 0)) return "expected times and spans that are not negative";
  return undefined;
}

export const pauseRun: RunCommand<PauseRun, RunDone> = {
  type: "pause_run",
  codec: PauseRun,
  reply: RunDone,
  decide(run, { reason }, step) {
    const refusal = life.refusalIfEnded(run, step);
    if (refusal !== undefined) return refusal;
    const paused = life.pause(run, step, reason);
    if (paused !== undefined) step.emit(runPaused, paused);
    return done;
  },
};

export const resumeRun: RunCommand<ResumeRun, RunDone> = {
  type: "resume_run",
  codec: ResumeRun,
  reply: RunDone,
  decide(run, { reason, taskIds }, step) {
    const refusal = life.refusalIfEnded(run, step);
    if (refusal !== undefined) return refusal;
    const nodes: number[] = [];
    for (const id of taskIds) {
      const node = findNode(run, id);
      if (node === undefined) return runErrors.taskMissing.refusal({ id: step.key.id, task: id });
      nodes.push(node);
    }
    if (taskIds.length === 0) {
      const resumed = life.resume(run, step, reason);
      if (resumed !== undefined) step.emit(runResumed, resumed);
      for (const node of run.nodes) if (node !== undefined) nodes.push(node.number);
    }
    for (const node of nodes)
      if (run.nodes[node]?.status === TaskStatus.TASK_STATUS_PAUSED)
        step.emit(taskResumed, { node, reason: reasonOf(reason), resumeMs: step.nowMs });
    advance(run, step);
    return done;
  },
};

/** Also a message. A repeated request changes nothing. */
export const cancelRun: RunCommand<CancelRun, RunDone> = {
  type: "cancel_run",
  codec: CancelRun,
  reply: RunDone,
  decide(run, { reason, noCompensate }, step) {
    const refusal = life.refusalIfEnded(run, step);
    if (refusal !== undefined) return refusal;
    // The run is ending already, and undoes its effects: it was cancelled, or it failed.
    if (run.phase === RunPhase.RUN_PHASE_UNDOING && !noCompensate) return done;
    stopRun(run, step, WorkStatus.WORK_STATUS_CANCELLED, life.cancelled(step, reason), noCompensate);
    return done;
  },
};

/**
 * Also a message. Detached children that are being started still start: the run ends after that. A repeated
 * request does not wait for them either.
 */
export const terminateRun: RunCommand<TerminateRun, RunDone> = {
  type: "terminate_run",
  codec: TerminateRun,
  reply: RunDone,
  decide(run, { reason }, step) {
    const refusal = life.refusalIfEnded(run, step);
    if (refusal !== undefined) return refusal;
    stopAllChildren(run, step, new StepBudget(), "terminate");
    const error = life.terminated(step, reason);
    const status = WorkStatus.WORK_STATUS_TERMINATED;
    if (run.ending !== status && awaitsDetachedStarts(run))
      step.emit(runStopped, { status, error, stopMs: step.nowMs, noCompensate: false });
    else terminateNow(run, step, error);
    return done;
  },
};

/**
 * Message of a parent that gives up a child while its start may be in flight. If it arrives before the start,
 * the run is recorded as one that never starts. Otherwise a later start would create a run without a waiter.
 */
export const withdrawRun: RunCommand<WithdrawRun, RunDone> = {
  ...withdrawMessage,
  reply: RunDone,
  decide(run, { definition, parent, terminate, reason, fromId, noCompensate }, step) {
    if (fromId !== "") {
      withdrawNext(run, step, fromId, reason);
      return done;
    }
    const end = life.withdrawn(run, parent, terminate);
    if (end === "not-started") {
      const error = detailOfRefusal(runErrors.withdrawn.refusal({ reason: reasonOf(reason) }));
      const order = RunOrder.fromPartial({ definition, ...(parent && { parent }) });
      step.emit(runWithdrawn, { order, error, endMs: step.nowMs });
    } else if (end === "terminate") terminateRun.decide(run, { reason }, step);
    else if (end === "cancel") cancelRun.decide(run, { reason, noCompensate }, step);
    return done;
  },
};

/** The run that continued as this one started it, and was reset since: this continuation is dropped. */
function withdrawNext(run: RunView, step: RunStep, fromId: string, reason: string): void {
  if (run.order === undefined || run.order.firstId === "") return;
  const { nextId = "" } = run.more ?? {};
  if (nextId !== "") withdrawContinuation(run, step, nextId, reason);
  else if (!hasEnded(run))
    cancelRun.decide(run, { reason: reason || `${fromId} was taken back`, noCompensate: false }, step);
}

/**
 * Only a run that has ended can be removed: nothing that continues is lost with it. From then on its data is
 * not kept.
 */
export const removeRun: RunCommand<RemoveRun, RunDone> = {
  type: "remove_run",
  codec: RemoveRun,
  reply: RunDone,
  decide(run, { reason }, step) {
    const removed = life.remove(run, step, reason);
    if (isRefusal(removed)) return removed;
    if (removed !== undefined) step.emit(runRemoved, removed);
    return done;
  },
};

export const labelRun: RunCommand<LabelRun, RunDone> = {
  type: "label_run",
  codec: LabelRun,
  reply: RunDone,
  decide(run, { labels: set, removedLabels, priority, dueMs }, step) {
    if (!isPresent(run)) return runErrors.runMissing.refusal({ id: step.key.id });
    const { facts } = run;
    const removed = new Set(removedLabels);
    const retained = Object.entries(facts.labels).filter(([name]) => !removed.has(name));
    const labels = { ...Object.fromEntries(retained), ...set };
    const found = Object.keys(labels).length;
    if (found > labelsMax) return runErrors.labelsInvalid.refusal({ found, max: labelsMax });
    const base = run.plan?.plan.run.priority ?? 0;
    const changed = {
      labels,
      priority: priority === undefined ? facts.priority : priority + base,
      dueMs: dueMs ?? facts.dueMs,
    };
    const isSame =
      changed.priority === facts.priority &&
      changed.dueMs === facts.dueMs &&
      isSameLabels(labels, facts.labels);
    if (!isSame) step.emit(runLabelled, changed);
    return done;
  },
};

function isSameLabels(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}
