/** Tasks that agents run: how an attempt starts at an agent, and how the agent loses it. */

import type { Result } from "@tutti/contracts/agent/v1";
import type { Readiness } from "../agents/readiness.ts";
import type { PoolAllotments } from "../limits/allotments.ts";
import type { Limits } from "../limits/limit-book.ts";
import type { Agent, Task } from "../parts.ts";
import type { AttemptEnd, AttemptLog } from "../placed/attempt-log.ts";
import type { Tasks } from "./tasks.ts";

/** The parts that Running needs. */
export interface RunningParts {
  readonly readiness: Readiness;
  readonly allotments: PoolAllotments;
  readonly limits: Limits;
  readonly tasks: Tasks;
  readonly attempts: AttemptLog;
}

export class Running {
  readonly #readiness: Readiness;
  readonly #allotments: PoolAllotments;
  readonly #limits: Limits;
  readonly #tasks: Tasks;
  readonly #attempts: AttemptLog;
  /** How many tasks run. */
  count = 0;

  constructor(parts: RunningParts) {
    this.#readiness = parts.readiness;
    this.#allotments = parts.allotments;
    this.#limits = parts.limits;
    this.#tasks = parts.tasks;
    this.#attempts = parts.attempts;
  }

  /** From now on a task is running at an agent. */
  start(task: Task, agent: Agent, nowMs: number): void {
    task.stage = "working";
    task.yields = false;
    task.assignedMs = nowMs;
    task.heardMs = nowMs;
    task.begunMs = 0;
    task.runFromMs = nowMs;
    agent.add(task);
    this.count++;
    if (task.extras !== undefined)
      for (const limit of task.extras.limits) this.#limits.begin(limit, nowMs, task.demand);
    this.#allotments.areas?.start(task, agent, nowMs);
    this.#tasks.schedule(task);
  }

  /** A task's agent no longer has it. */
  detach(task: Task, hasBegun: boolean, nowMs: number, end?: Result | AttemptEnd): void {
    const { agent, extras } = task;
    if (agent === undefined) return;
    this.#attempts.note(task, agent, end, nowMs);
    agent.remove(task);
    if (agent.used === 0) agent.idleSinceMs = nowMs;
    if (task.stage === "working") this.count--;
    this.#readiness.loosened(agent);
    this.#allotments.areas?.finish(task);
    if (extras === undefined) return;
    for (const limit of extras.limits) limit.end(hasBegun, task.demand);
    for (const limit of extras.limits) this.#limits.wake(limit, nowMs);
  }

  /**
   * The agent of an attempt is asked to end it, because it is over for its sender. Until it says so, or so long, its slot
   * is taken. What becomes of the task besides is the caller's to say.
   */
  cancel(task: Task, reason: string, graceMs: number, nowMs: number): void {
    const { agent } = task;
    if (agent === undefined) return;
    agent.link?.outgoing.cancels.push({ token: task.offer.token, reason, graceMs });
    if (graceMs <= 0) {
      this.detach(task, true, nowMs);
      return;
    }
    this.count--;
    task.stage = "ended";
    task.stopDueMs = nowMs + graceMs;
  }

  /** An agent is done with an attempt that had ended already. */
  release(task: Task, nowMs: number): void {
    task.stopDueMs = never;
    this.detach(task, true, nowMs);
    if (task.stage === "forgotten") this.#tasks.forget(task, nowMs);
    else this.#tasks.schedule(task);
  }
}

const never = Number.POSITIVE_INFINITY;
