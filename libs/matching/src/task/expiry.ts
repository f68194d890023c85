/** The outcome of a task whose time is over. */
import { ReturnReason } from "@tutti/contracts/swarm/v1";
import type { Refusal } from "@tutti/kernel";
import type { Holds } from "../agents/holds.ts";
import type { CapabilityPauses } from "../agents/pauses.ts";
import { matchingErrors } from "../errors.ts";
import type { HookSlot } from "../hooks/task-hooks.ts";
import type { LiveSettings } from "../settings.ts";
import type { BoundTasks } from "./bound-tasks.ts";
import type { Copies } from "./copies.ts";
import type { Outcomes } from "./outcomes.ts";
import type { Preemption } from "./preemption.ts";
import { isWaiting } from "./queueing.ts";
import type { Running } from "./running.ts";
import type { Task } from "./task.ts";
import type { Tasks } from "./tasks.ts";
import type { Waiting } from "./waiting.ts";

/** The parts that Expiry needs. */
export interface ExpiryParts {
  readonly hooks: HookSlot;
  readonly running: Running;
  readonly outcomes: Outcomes;
  readonly tasks: Tasks;
  readonly waiting: Waiting;
  readonly bound: BoundTasks;
  readonly preemption: Preemption;
  readonly copies: Copies;
  readonly holds: Holds;
  readonly settings: LiveSettings;
  readonly pauses: CapabilityPauses;
}

export class Expiry {
  readonly #hooks: HookSlot;
  readonly #running: Running;
  readonly #outcomes: Outcomes;
  readonly #tasks: Tasks;
  readonly #waiting: Waiting;
  readonly #bound: BoundTasks;
  readonly #preemption: Preemption;
  readonly #copies: Copies;
  readonly #holds: Holds;
  readonly #settings: LiveSettings;
  readonly #pauses: CapabilityPauses;

  constructor(parts: ExpiryParts) {
    this.#hooks = parts.hooks;
    this.#running = parts.running;
    this.#outcomes = parts.outcomes;
    this.#tasks = parts.tasks;
    this.#waiting = parts.waiting;
    this.#bound = parts.bound;
    this.#preemption = parts.preemption;
    this.#copies = parts.copies;
    this.#holds = parts.holds;
    this.#settings = parts.settings;
    this.#pauses = parts.pauses;
  }

  expire(task: Task, nowMs: number): void {
    if (isWaiting(task)) this.#expireWaiting(task, nowMs);
    else if (task.stage === "working") this.#expireWorking(task, nowMs);
    else if ((task.judging?.dueMs ?? Number.POSITIVE_INFINITY) <= nowMs)
      this.#hooks.current?.expire(task, nowMs);
    else if (task.stopDueMs <= nowMs) this.#running.release(task, nowMs);
    else if (task.orphanDueMs <= nowMs) this.#outcomes.confirm(task, nowMs);
    if (this.#tasks.get(task.offer.token) === task) this.#tasks.schedule(task);
  }

  #expireWaiting(task: Task, nowMs: number): void {
    const { capability } = task.demand.requirements;
    const { RETURN_REASON_TIMED_OUT } = ReturnReason;
    if (task.totalDueMs <= nowMs) {
      const error = matchingErrors.totalTimedOut.refusal({ capability, agent: "" });
      this.#waiting.returnToSender(task, RETURN_REASON_TIMED_OUT, error, 0, nowMs);
    } else if (task.queueDueMs <= nowMs) {
      const waitedMs = Math.round(nowMs - task.readyMs);
      const error = matchingErrors.queueTimedOut.refusal({
        capability,
        waitedMs,
        mayMs: task.profile.queueMs,
        isOffered: task.demand.matches.length > 0 || this.#pauses.of(task.demand).length > 0,
      });
      this.#waiting.returnToSender(task, RETURN_REASON_TIMED_OUT, error, 0, nowMs);
    } else if (task.orphanDueMs <= nowMs) this.#waiting.discard(task, nowMs);
    else if ((task.judging?.dueMs ?? Number.POSITIVE_INFINITY) <= nowMs)
      this.#hooks.current?.expire(task, nowMs);
    else if ((task.extras?.boundDueMs ?? Number.POSITIVE_INFINITY) <= nowMs) this.#bound.release(task);
  }

  #expireWorking(task: Task, nowMs: number): void {
    if (task.yields && task.agent === undefined) {
      this.#preemption.requeue(task, nowMs);
      return;
    }
    const refusal = timeOutOf(task, nowMs);
    const original = task.twin?.original;
    if (original !== undefined) {
      if (refusal === undefined) return;
      this.#copies.cancel(task, refusal.message, nowMs);
      if (original.agent === undefined) this.#outcomes.fail(original, refusal, nowMs);
      return;
    }
    this.#copies.addStraggler(task, nowMs);
    if (refusal !== undefined) {
      const { agent, demand } = task;
      // If the total time over all attempts is over, that is not the fault of the last agent.
      if (agent !== undefined && task.totalDueMs > nowMs)
        this.#holds.failed(agent, demand.requirements.capability, nowMs);
      this.#running.cancel(task, refusal.message, this.#settings.current.graceMs, nowMs);
      this.#outcomes.fail(task, refusal, nowMs);
    } else if (task.orphanDueMs <= nowMs)
      this.#outcomes.abandon(task, "its sender is lost", this.#settings.current.graceMs, nowMs);
  }
}

/** Returns the timeout that has expired, or undefined. */
function timeOutOf(task: Task, nowMs: number): Refusal | undefined {
  const { profile, runMs, runFromMs, lastHeartbeatMs } = task;
  const { capability } = task.demand.requirements;
  const agent = task.agent?.agentId ?? "";
  const details = { details: { agent } };
  if (task.totalDueMs <= nowMs) return matchingErrors.totalTimedOut.refusal({ capability, agent }, details);
  if (runMs > 0 && runFromMs + runMs <= nowMs)
    return matchingErrors.runTimedOut.refusal({ capability, agent, runMs }, details);
  const { heartbeatMs } = profile;
  if (heartbeatMs > 0 && task.agent !== undefined && lastHeartbeatMs + heartbeatMs <= nowMs)
    return matchingErrors.heartbeatMissed.refusal({ capability, agent, heartbeatMs }, details);
  return undefined;
}
