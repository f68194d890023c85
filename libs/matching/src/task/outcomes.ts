/** The outcome of an attempt, until it is no longer needed. */

import type { Result } from "@tutti/contracts/agent/v1";
import type { Refusal } from "@tutti/kernel";
import type { Agent } from "../agents/agent.ts";
import type { HookSlot } from "../hooks/task-hooks.ts";
import { detailOf } from "../refusals.ts";
import type { Copies } from "./copies.ts";
import type { Running } from "./running.ts";
import type { Task } from "./task.ts";
import type { Tasks } from "./tasks.ts";

/** The parts that Outcomes needs. */
export interface OutcomesParts {
  readonly copies: Copies;
  readonly tasks: Tasks;
  readonly hooks: HookSlot;
  readonly running: Running;
}

export class Outcomes {
  readonly #copies: Copies;
  readonly #tasks: Tasks;
  readonly #hooks: HookSlot;
  readonly #running: Running;

  constructor(parts: OutcomesParts) {
    this.#copies = parts.copies;
    this.#tasks = parts.tasks;
    this.#hooks = parts.hooks;
    this.#running = parts.running;
  }

  /** Keeps the result of a task until its sender has it durable. `from`: the agent that gave it. */
  record(task: Task, result: Result, from: Agent | undefined, nowMs: number): void {
    if (task.twin?.copy !== undefined) this.#copies.cancel(task.twin.copy, "the attempt has ended", nowMs);
    task.stage = "ended";
    task.result = result;
    this.#tasks.schedule(task);
    const agentId = from?.agentId ?? "";
    if (this.#hooks.current?.holdsResult(task, agentId, nowMs) !== true) this.deliver(task, agentId, nowMs);
  }

  /** Counts a result and informs hooks and the sender. */
  deliver(task: Task, agentId: string, nowMs: number): void {
    this.#hooks.current?.counted(task, agentId, nowMs);
    const { senderSlot } = task;
    if (senderSlot === undefined) return;
    senderSlot.recordResult();
    senderSlot.stream.deliver(task, agentId);
  }

  /** Ends an attempt without the answer of its agent. */
  fail(task: Task, refusal: Refusal, nowMs: number): void {
    const { token } = task.offer;
    const outcome = { $case: "failed" as const, value: detailOf(refusal) };
    this.record(task, { token, outcome, runMs: 0, used: undefined, modelCalls: undefined }, undefined, nowMs);
  }

  /** Settles a result that its sender has durable or does not want any more: its agent need not keep it. */
  confirm(task: Task, nowMs: number): void {
    const { link, extras } = task;
    if (link !== undefined) {
      link.confirm(task.linkNumber);
      for (const number of extras?.repeats ?? []) link.confirm(number);
    }
    task.senderSlot?.remove(task);
    task.stage = "forgotten";
    if (task.orphanDueMs !== never) task.orphanDueMs = never;
    if (task.agent === undefined) this.#tasks.remove(task, nowMs);
    else this.#tasks.schedule(task);
  }

  /** Ends an attempt that is no longer wanted. */
  abandon(task: Task, reason: string, graceMs: number, nowMs: number): void {
    if (task.twin?.copy !== undefined) this.#copies.cancel(task.twin.copy, reason, nowMs);
    task.senderSlot?.remove(task);
    this.#running.cancel(task, reason, graceMs, nowMs);
    task.stage = "forgotten";
    if (task.agent === undefined) this.#tasks.remove(task, nowMs);
    else this.#tasks.schedule(task);
  }
}

const never = Number.POSITIVE_INFINITY;
