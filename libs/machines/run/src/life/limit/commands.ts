/** Messages of limits to runs. A run requests one limit after the other, and starts when it holds all. */

import { type ErrorDetail, RetryClass, WorkStatus } from "@tutti/contracts/types/v1";
import {
  DeclineLimit,
  GrantLimit,
  LoseLease,
  RunDone,
  RunPhase,
  WithdrawLimit,
} from "@tutti/contracts/workflow/v1";
import { bounded, isDone, StepBudget } from "@tutti/machine-work";
import { failAttempt } from "../../core/attempt/outcome.ts";
import {
  acquireForTask,
  acquireNextForTask,
  isWaitingForLimits,
  releaseLimitsOfTask,
} from "../../core/limit/child-limits.ts";
import { runLimitHeld, runLimitLost } from "../../core/limit/events.ts";
import { acquire, release } from "../../core/limit/limits.ts";
import { placeOf } from "../../core/node/task-kind.ts";
import { stateOfKind } from "../../core/state/kind-state.ts";
import { nodeOfEffect, runNode } from "../../core/state/numbers.ts";
import { findNode } from "../../core/state/places.ts";
import type { RunCommand, RunStep, RunView } from "../../core/state/state.ts";
import { advance, stopRun } from "../advance/advance.ts";
import { acquireNext } from "./acquire.ts";

const done: RunDone = {};

/** Message: the run holds the limit. A limit that the run no longer needs is released. */
export const grantLimit: RunCommand<GrantLimit, RunDone> = {
  type: "grant_limit",
  codec: GrantLimit,
  reply: RunDone,
  decide(run, { limit, task, ticket, leaseDueMs, state }, step) {
    if (task !== "") {
      grantToTask(run, step, { limit, task, ticket, leaseDueMs });
      return done;
    }
    const runLimit = limitOfRun(run, limit);
    if (runLimit === undefined) {
      release(step, limit, ticket);
      return done;
    }
    if (runLimit.ticket === ticket) return done;
    step.emit(runLimitHeld, { node: undefined, limit, ticket, leaseDueMs, state });
    acquireNext(run, step);
    return done;
  },
};

/** Message: the limit cannot be granted, now or ever. */
export const declineLimit: RunCommand<DeclineLimit, RunDone> = {
  type: "decline_limit",
  codec: DeclineLimit,
  reply: RunDone,
  decide(run, { limit, task, code, message, retryAfterMs }, step) {
    const error = errorOf(code, message);
    const retryMs = retryAfterMs > 0 ? step.nowMs + retryAfterMs : 0;
    if (task !== "") {
      declineToTask(run, step, { limit, task, error, retryMs });
      return done;
    }
    const runLimit = limitOfRun(run, limit);
    if (runLimit === undefined || runLimit.ticket > 0) return done;
    step.emit(runLimitLost, { node: undefined, limit, error, retryMs });
    if (retryMs === 0 && run.phase === RunPhase.RUN_PHASE_WAITING)
      stopRun(run, step, WorkStatus.WORK_STATUS_FAILED, error);
    return done;
  },
};

/** Message: the limit was taken away. The run continues, and requests the limit again. */
export const withdrawLimit: RunCommand<WithdrawLimit, RunDone> = {
  type: "withdraw_limit",
  codec: WithdrawLimit,
  reply: RunDone,
  decide(run, { limit, task, ticket, code, message }, step) {
    lose(run, step, findNode(run, task), { limit, ticket, code, message });
    return done;
  },
};

/** Result of the renewal: a lease has expired. */
export const loseLease: RunCommand<LoseLease, RunDone> = {
  type: "lose_lease",
  codec: LoseLease,
  reply: RunDone,
  decide(run, { limit, ticket }, step) {
    const number = nodeOfEffect(step.settles?.number ?? 0);
    lose(run, step, number === runNode ? undefined : number, {
      limit,
      ticket,
      code: "limit.lease_lost",
      message: "its lease was not renewed in time",
    });
    return done;
  },
};

interface Lost {
  readonly limit: string;
  readonly ticket: number;
  readonly code: string;
  readonly message: string;
}

/** @param number the node that held it, undefined for the run */
function lose(
  run: RunView,
  step: RunStep,
  number: number | undefined,
  { limit, ticket, code, message }: Lost,
): void {
  const runLimit = number === undefined ? limitOfRun(run, limit) : limitOfNode(run, number, limit);
  if (runLimit === undefined || runLimit.ticket === 0 || runLimit.ticket !== ticket) return;
  step.emit(runLimitLost, { node: number, limit, error: errorOf(code, message), retryMs: 0 });
  if (number === undefined) acquire(run, step, limit);
  else acquireForTask(placeOf(run, number, step, new StepBudget()), limit);
}

interface GrantedToTask {
  readonly limit: string;
  readonly task: string;
  readonly ticket: number;
  readonly leaseDueMs: number;
}

/** Grants a limit to a task. The last one starts the child. */
function grantToTask(run: RunView, step: RunStep, { limit, task, ticket, leaseDueMs }: GrantedToTask): void {
  const number = findNode(run, task);
  const runLimit = number === undefined ? undefined : limitOfNode(run, number, limit);
  if (number === undefined || runLimit === undefined) {
    release(step, limit, ticket, task);
    return;
  }
  if (runLimit.ticket === ticket) return;
  step.emit(runLimitHeld, { node: number, limit, ticket, leaseDueMs, state: undefined });
  acquireNextForTask(placeOf(run, number, step, new StepBudget()));
}

function declineToTask(
  run: RunView,
  step: RunStep,
  {
    limit,
    task,
    error,
    retryMs,
  }: Pick<GrantedToTask, "limit" | "task"> & {
    readonly error: ErrorDetail;
    readonly retryMs: number;
  },
): void {
  const number = findNode(run, task);
  const runLimit = number === undefined ? undefined : limitOfNode(run, number, limit);
  if (number === undefined || runLimit === undefined || runLimit.ticket > 0) return;
  step.emit(runLimitLost, { node: number, limit, error, retryMs });
  const node = run.nodes[number];
  if (retryMs > 0 || node === undefined || !isWaitingForLimits(node)) return;
  const place = placeOf(run, number, step, new StepBudget());
  releaseLimitsOfTask(place);
  failAttempt(place, error);
  advance(run, step);
}

/** Returns the limit if the run still needs it. A run releases its limits at its end, after compensation. */
function limitOfRun(run: RunView, limit: string) {
  const isOpen = run.phase !== RunPhase.RUN_PHASE_ENDED;
  return isOpen ? run.more?.limits.find((each) => each.limit === limit) : undefined;
}

function limitOfNode(run: RunView, number: number, limit: string) {
  const node = run.nodes[number];
  if (node === undefined || isDone(node.status)) return undefined;
  return stateOfKind(node, "child")?.limits.find((each) => each.limit === limit);
}

function errorOf(code: string, message: string) {
  const never = { retry: RetryClass.RETRY_CLASS_NEVER, status: "RESOURCE_EXHAUSTED" };
  return bounded({
    ...never,
    code,
    message,
    retryAfterMs: 0,
    violations: [],
    details: {},
    cause: undefined,
    notOwner: undefined,
  });
}
