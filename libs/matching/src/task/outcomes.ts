/** What comes of an attempt, until it is no longer needed. */
import type { Result } from "@tutti/contracts/agent/v1";
import type { Refusal } from "@tutti/kernel";
import type { PoolCore } from "../books.ts";
import type { Agent, Task } from "../parts.ts";
import { detailOf } from "../refusals.ts";
import { dropCopy } from "./copies.ts";

const never = Number.POSITIVE_INFINITY;

/** A task has its result: it is kept until its sender has it durable. `from` is the agent that gave it. */
export function finish(
  core: PoolCore,
  task: Task,
  result: Result,
  from: Agent | undefined,
  nowMs: number,
): void {
  if (task.twin?.copy !== undefined) dropCopy(core, task.twin.copy, "the attempt has ended", nowMs);
  task.stage = "ended";
  task.result = result;
  core.watch(task);
  const agentId = from?.agentId ?? "";
  if (core.hooks?.holds(task, agentId, nowMs) !== true) count(core, task, agentId, nowMs);
}

/** Its result counts: its followers are informed. */
export function count(core: PoolCore, task: Task, agentId: string, nowMs: number): void {
  core.hooks?.counted(task, agentId, nowMs);
  const { senderSlot } = task;
  if (senderSlot === undefined) return;
  senderSlot.ended();
  senderSlot.stream.deliver(task, agentId);
}

/** An attempt ends without its agent's answer. */
export function fail(core: PoolCore, task: Task, refusal: Refusal, nowMs: number): void {
  const { token } = task.offer;
  const outcome = { $case: "failed" as const, value: detailOf(refusal) };
  finish(core, task, { token, outcome, runMs: 0, used: undefined, modelCalls: undefined }, undefined, nowMs);
}

/** Its sender has a result durable, or does not want it any more: so need its agent not keep it. */
export function settle(core: PoolCore, task: Task, nowMs: number): void {
  const { link, extras } = task;
  if (link !== undefined) {
    link.settle(task.linkNumber);
    for (const number of extras?.repeats ?? []) link.settle(number);
  }
  core.leaveSlot(task);
  task.stage = "forgotten";
  if (task.awayDueMs !== never) task.awayDueMs = never;
  if (task.agent === undefined) core.forget(task, nowMs);
  else core.watch(task);
}
