/** What comes of a task whose time is over. */
import { ReturnReason } from "@tutti/contracts/swarm/v1";
import type { Refusal } from "@tutti/kernel";
import type { PoolCore } from "../books.ts";
import { matchingErrors } from "../errors.ts";
import type { Task } from "../parts.ts";
import { dropCopy, notice } from "./copies.ts";
import { waitAgain } from "./giving-way.ts";
import { abandon, isWaiting } from "./offering.ts";
import { fail, settle } from "./outcomes.ts";
import { letGoOf, stop } from "./releasing.ts";
import { dropWaiting, giveBack, letOthers } from "./waiting.ts";

export function expire(core: PoolCore, task: Task, nowMs: number): void {
  if (isWaiting(task)) expireWaiting(core, task, nowMs);
  else if (task.stage === "working") expireWorking(core, task, nowMs);
  else if ((task.judging?.dueMs ?? Number.POSITIVE_INFINITY) <= nowMs) core.hooks?.due(task, nowMs);
  else if (task.stopDueMs <= nowMs) letGoOf(core, task, nowMs);
  else if (task.awayDueMs <= nowMs) settle(core, task, nowMs);
  if (core.tasks.get(task.offer.token) === task) core.watch(task);
}

function expireWaiting(core: PoolCore, task: Task, nowMs: number): void {
  const { capability } = task.demand.wish;
  const { RETURN_REASON_TIMED_OUT } = ReturnReason;
  if (task.totalDueMs <= nowMs) {
    const error = matchingErrors.totalTimedOut.refusal({ capability, agent: "" });
    giveBack(core, task, RETURN_REASON_TIMED_OUT, error, 0, nowMs);
  } else if (task.queueDueMs <= nowMs) {
    const waitedMs = Math.round(nowMs - task.readyMs);
    const error = matchingErrors.queueTimedOut.refusal({ capability, waitedMs, mayMs: task.profile.queueMs });
    giveBack(core, task, RETURN_REASON_TIMED_OUT, error, 0, nowMs);
  } else if (task.awayDueMs <= nowMs) dropWaiting(core, task, nowMs);
  else if ((task.judging?.dueMs ?? Number.POSITIVE_INFINITY) <= nowMs) core.hooks?.due(task, nowMs);
  else if ((task.extras?.boundDueMs ?? Number.POSITIVE_INFINITY) <= nowMs) letOthers(core, task);
}

function expireWorking(core: PoolCore, task: Task, nowMs: number): void {
  if (task.yields && task.agent === undefined) {
    waitAgain(core, task, nowMs);
    return;
  }
  const refusal = timeOutOf(task, nowMs);
  const original = task.twin?.original;
  if (original !== undefined) {
    if (refusal === undefined) return;
    dropCopy(core, task, refusal.message, nowMs);
    if (original.agent === undefined) fail(core, original, refusal, nowMs);
    return;
  }
  notice(core, task, nowMs);
  if (refusal !== undefined) {
    const { agent, demand } = task;
    // Time that is over over all attempts says nothing of the last one.
    if (agent !== undefined && task.totalDueMs > nowMs)
      core.holds.failed(agent, demand.wish.capability, nowMs);
    stop(core, task, refusal.message, core.settings.graceMs, nowMs);
    fail(core, task, refusal, nowMs);
  } else if (task.awayDueMs <= nowMs)
    abandon(core, task, "whoever wanted it is gone", core.settings.graceMs, nowMs);
}

/** Which of its times is over. Undefined when none is. */
function timeOutOf(task: Task, nowMs: number): Refusal | undefined {
  const { profile, runMs, runFromMs, heardMs } = task;
  const { capability } = task.demand.wish;
  const agent = task.agent?.agentId ?? "";
  const details = { details: { agent } };
  if (task.totalDueMs <= nowMs) return matchingErrors.totalTimedOut.refusal({ capability, agent }, details);
  if (runMs > 0 && runFromMs + runMs <= nowMs)
    return matchingErrors.runTimedOut.refusal({ capability, agent, runMs }, details);
  const { heartbeatMs } = profile;
  if (heartbeatMs > 0 && task.agent !== undefined && heardMs + heartbeatMs <= nowMs)
    return matchingErrors.heartbeatMissed.refusal({ capability, agent, heartbeatMs }, details);
  return undefined;
}
