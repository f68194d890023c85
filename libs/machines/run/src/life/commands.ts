/** Begins a run, holds it, lets it go on, ends it; changes what it is found by. */
import type { Cause, ErrorDetail } from "@tutti/contracts/types/v1";
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
import type { ReadOnly, Refusal } from "@tutti/kernel";
import { cut, detailOfRefusal } from "../error-details.ts";
import { runErrors } from "../errors.ts";
import { Budget } from "../kinds/budget.ts";
import { askNext } from "../limit/asking.ts";
import { limitsOf } from "../limit/limits.ts";
import { labelsMax, priorityMax, reasonLengthMax } from "../limits.ts";
import { awaitsStarts } from "../node/alone.ts";
import { taskResumed } from "../node/events.ts";
import { findNode } from "../node/places.ts";
import { planNeededBy } from "../plan/needs.ts";
import {
  hasEnded,
  isKept,
  isWithdrawn,
  type RunCommand,
  type RunStep,
  type RunView,
  statusOf,
} from "../state.ts";
import { advance } from "./advance.ts";
import { endByForce } from "./end.ts";
import {
  runLabelled,
  runPaused,
  runRemoved,
  runResumed,
  runStarted,
  runStopped,
  runWithdrawn,
} from "./events.ts";
import { beginMessage, withdrawMessage } from "./messages.ts";
import { tellAllStopping } from "./stopping.ts";
import { statusName } from "./words.ts";

const done: RunDone = {};

export const beginRun: RunCommand<BeginRun, RunBegun> = {
  ...beginMessage,
  reply: RunBegun,
  needs: ({ order }) => planNeededBy(order),
  decide(run, { order }, step) {
    if (run.order !== undefined) return again(run, order, step);
    const problem = orderProblem(order);
    if (problem !== undefined || order === undefined)
      return runErrors.orderInvalid.refusal({ problem: problem ?? "expected an order, found none" });
    const wanted = limitsOf(run, order);
    const limits = wanted.ok ? wanted.limits.map(({ id }) => id) : [];
    step.emit(runStarted, { order, createMs: step.nowMs, limits });
    if (!wanted.ok) stopRun(run, step, WorkStatus.WORK_STATUS_FAILED, wanted.error);
    else if (order.startMs <= step.nowMs && limits.length > 0) askNext(run, step);
    else advance(run, step);
    return { existed: false, status: statusOf(run) };
  },
};

function again(run: RunView, order: ReadOnly<RunOrder> | undefined, step: RunStep): RunBegun | Refusal {
  const before = run.order?.requestHash ?? new Uint8Array(0);
  const now = order?.requestHash ?? new Uint8Array(0);
  // A repeated request for given-up work learns that it does not begin.
  const parent = order?.parent;
  if (isWithdrawn(run) && run.order?.parent?.id === parent?.id && run.order?.parent?.kind === parent?.kind)
    return { existed: true, status: statusOf(run) };
  // The first half has all but how the version was named, which is no matter where it is this very one.
  const isSameVersion = before.length === 32 && now.length === 32 && run.order?.hash === order?.hash;
  const counted = isSameVersion ? 16 : Math.max(before.length, now.length);
  const isSame = Buffer.compare(before.subarray(0, counted), now.subarray(0, counted)) === 0;
  if (!isSame) return runErrors.runConflict.refusal({ id: step.key.id });
  return { existed: true, status: statusOf(run) };
}

function orderProblem(order: RunOrder | undefined): string | undefined {
  if (order === undefined) return "expected what to run, found nothing";
  const { hash, plan, labels, priority, startMs, timeoutMs } = order;
  if ((hash === "") === (plan.length === 0)) return "expected either the hash of a definition or a plan";
  const count = Object.keys(labels).length;
  if (count > labelsMax) return `expected at most ${labelsMax} labels, found ${count}`;
  if (Math.abs(priority) > priorityMax)
    return `expected a priority from -${priorityMax} to ${priorityMax}, found ${priority}`;
  if (!(startMs >= 0 && timeoutMs >= 0)) return "expected times and spans that are not negative";
  return undefined;
}

export const pauseRun: RunCommand<PauseRun, RunDone> = {
  type: "pause_run",
  codec: PauseRun,
  reply: RunDone,
  decide(run, { reason }, step) {
    const refusal = ended(run, step);
    if (refusal !== undefined) return refusal;
    if (run.pauseMs === 0) step.emit(runPaused, { reason: reasonOf(reason), pauseMs: step.nowMs });
    return done;
  },
};

export const resumeRun: RunCommand<ResumeRun, RunDone> = {
  type: "resume_run",
  codec: ResumeRun,
  reply: RunDone,
  decide(run, { reason, taskIds }, step) {
    const refusal = ended(run, step);
    if (refusal !== undefined) return refusal;
    const nodes: number[] = [];
    for (const id of taskIds) {
      const node = findNode(run, id);
      if (node === undefined) return runErrors.taskMissing.refusal({ id: step.key.id, task: id });
      nodes.push(node);
    }
    if (taskIds.length === 0) {
      if (run.pauseMs > 0) step.emit(runResumed, { reason: reasonOf(reason), resumeMs: step.nowMs });
      for (const node of run.nodes) if (node !== undefined) nodes.push(node.number);
    }
    for (const node of nodes)
      if (run.nodes[node]?.status === TaskStatus.TASK_STATUS_PAUSED)
        step.emit(taskResumed, { node, reason: reasonOf(reason), resumeMs: step.nowMs });
    advance(run, step);
    return done;
  },
};

/** Also a letter. Asked again it changes nothing. */
export const cancelRun: RunCommand<CancelRun, RunDone> = {
  type: "cancel_run",
  codec: CancelRun,
  reply: RunDone,
  decide(run, { reason }, step) {
    const refusal = ended(run, step);
    if (refusal !== undefined) return refusal;
    // It is ending already, and undoes what it did: it was cancelled, or it failed.
    if (run.phase === RunPhase.RUN_PHASE_UNDOING) return done;
    const by = actorOf(step.cause);
    const error = detailOfRefusal(runErrors.cancelled.refusal({ by, reason: reasonOf(reason) }));
    stopRun(run, step, WorkStatus.WORK_STATUS_CANCELLED, error);
    return done;
  },
};

/** Stops what is open, undoes what was done, and ends. */
export function stopRun(run: RunView, step: RunStep, status: WorkStatus, error: ErrorDetail): void {
  tellAllStopping(run, step, new Budget(), "cancel");
  step.emit(runStopped, { status, error, stopMs: step.nowMs });
  advance(run, step);
}

/**
 * Also a letter. Children that are to be left alone, and are being started, begin: the run ends when they have. Asked
 * again it does not wait for them either.
 */
export const terminateRun: RunCommand<TerminateRun, RunDone> = {
  type: "terminate_run",
  codec: TerminateRun,
  reply: RunDone,
  decide(run, { reason }, step) {
    const refusal = ended(run, step);
    if (refusal !== undefined) return refusal;
    tellAllStopping(run, step, new Budget(), "terminate");
    const by = actorOf(step.cause);
    const error = detailOfRefusal(runErrors.terminated.refusal({ by, reason: reasonOf(reason) }));
    const status = WorkStatus.WORK_STATUS_TERMINATED;
    if (run.ending !== status && awaitsStarts(run))
      step.emit(runStopped, { status, error, stopMs: step.nowMs });
    else endByForce(run, step, error);
    return done;
  },
};

/**
 * Letter of a parent that gives up a child whose start may be under way: it may come before the start, and then the run
 * is known as one that does not begin. Otherwise a later start would create a run without a waiter.
 */
export const withdrawRun: RunCommand<WithdrawRun, RunDone> = {
  ...withdrawMessage,
  reply: RunDone,
  decide(run, { definition, parent, terminate, reason, fromId }, step) {
    if (fromId !== "") {
      withdrawNext(run, step, fromId, reason);
      return done;
    }
    if (run.order === undefined) {
      const error = detailOfRefusal(runErrors.withdrawn.refusal({ reason: reasonOf(reason) }));
      const order = RunOrder.fromPartial({ definition, ...(parent && { parent }) });
      step.emit(runWithdrawn, { order, error, endMs: step.nowMs });
      return done;
    }
    const isOurs = run.order.parent?.kind === parent?.kind && run.order.parent?.id === parent?.id;
    // Another's run under the id is none of its business, and one that has ended needs nothing.
    if (!isOurs || hasEnded(run)) return done;
    const command = terminate ? terminateRun : cancelRun;
    command.decide(run, { reason }, step);
    return done;
  },
};

/** It was begun by a letter of the run that went on as it, and which was taken back since: what came of it is given up. */
function withdrawNext(run: RunView, step: RunStep, fromId: string, reason: string): void {
  if (run.order === undefined || run.order.firstId === "") return;
  const { nextId = "" } = run.more ?? {};
  if (nextId !== "") giveUp(run, step, nextId, reason);
  else if (!hasEnded(run)) cancelRun.decide(run, { reason: reason || `${fromId} was taken back` }, step);
}

/** Says to the run that this one went on as that it is detached. */
export function giveUp({ order }: RunView, step: RunStep, nextId: string, reason: string): void {
  const { namespace, id } = step.key;
  const to = { service: "workflow", kind: "run", namespace, id: nextId };
  const { definition = "" } = order ?? {};
  step.send(to, withdrawMessage, { definition, parent: undefined, terminate: false, reason, fromId: id });
}

/** Only of one that has ended: nothing that goes on is lost with it. What is over is kept no longer from here on. */
export const removeRun: RunCommand<RemoveRun, RunDone> = {
  type: "remove_run",
  codec: RemoveRun,
  reply: RunDone,
  decide(run, { reason }, step) {
    const { id } = step.key;
    if (run.order === undefined) return runErrors.runMissing.refusal({ id });
    if (!hasEnded(run)) return runErrors.runGoesOn.refusal({ id, status: statusName(statusOf(run)) });
    if (run.removeMs === 0) step.emit(runRemoved, { reason: reasonOf(reason), removeMs: step.nowMs });
    return done;
  },
};

export const labelRun: RunCommand<LabelRun, RunDone> = {
  type: "label_run",
  codec: LabelRun,
  reply: RunDone,
  decide(run, { labels: set, removedLabels, priority, dueMs }, step) {
    if (!isKept(run)) return runErrors.runMissing.refusal({ id: step.key.id });
    const { facts } = run;
    const removed = new Set(removedLabels);
    const kept = Object.entries(facts.labels).filter(([name]) => !removed.has(name));
    const labels = { ...Object.fromEntries(kept), ...set };
    const found = Object.keys(labels).length;
    if (found > labelsMax) return runErrors.labelsInvalid.refusal({ found, max: labelsMax });
    const base = run.plan?.plan.run.priority ?? 0;
    const made = {
      labels,
      priority: priority === undefined ? facts.priority : priority + base,
      dueMs: dueMs ?? facts.dueMs,
    };
    const isSame =
      made.priority === facts.priority && made.dueMs === facts.dueMs && isSameLabels(labels, facts.labels);
    if (!isSame) step.emit(runLabelled, made);
    return done;
  },
};

function isSameLabels(a: Readonly<Record<string, string>>, b: Readonly<Record<string, string>>): boolean {
  const names = Object.keys(a);
  return names.length === Object.keys(b).length && names.every((name) => a[name] === b[name]);
}

/** A run that is asked for something that only one that goes on can do. */
export function ended(run: RunView, step: RunStep): Refusal | undefined {
  const { id } = step.key;
  if (run.order === undefined) return runErrors.runMissing.refusal({ id });
  if (!hasEnded(run)) return undefined;
  return runErrors.runEnded.refusal({ id, status: statusName(statusOf(run)), wanted: "that has not ended" });
}

export function reasonOf(reason: string): string {
  return cut(reason, reasonLengthMax);
}

function actorOf({ actor }: Cause): string {
  return actor?.id || "the system";
}
