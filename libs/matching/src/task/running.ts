/** Tasks that agents run: how an attempt starts at an agent, and how the agent loses it. */

import type { Result } from "@tutti/contracts/agent/v1";
import type { Agent } from "../agents/agent.ts";
import type { Readiness } from "../agents/readiness.ts";
import type { PoolAllotments } from "../limits/allotments.ts";
import type { Limits } from "../limits/limit-book.ts";
import type { AttemptEnd, AttemptLog } from "../placed/attempt-log.ts";
import type { Task } from "./task.ts";
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
  /** The latest task of each agent. Its other tasks are linked by `agentAfter`. */
  readonly #latest = new Map<Agent, Task>();
  /** How many tasks run. */
  count = 0;

  constructor(parts: RunningParts) {
    this.#readiness = parts.readiness;
    this.#allotments = parts.allotments;
    this.#limits = parts.limits;
    this.#tasks = parts.tasks;
    this.#attempts = parts.attempts;
  }

  /** Yields the tasks of an agent, the latest first. Tasks may leave during the iteration. */
  *tasksOf(agent: Agent): Generator<Task> {
    let task = this.#latest.get(agent);
    while (task !== undefined) {
      const { agentAfter } = task;
      yield task;
      task = agentAfter;
    }
  }

  /** Records that an agent runs a task from now on. */
  start(task: Task, agent: Agent, nowMs: number): void {
    task.stage = "working";
    task.yields = false;
    task.assignedMs = nowMs;
    task.receivedMs = nowMs;
    task.lastHeartbeatMs = nowMs;
    task.startedMs = 0;
    task.runFromMs = nowMs;
    this.#attach(task, agent);
    this.count++;
    if (task.extras !== undefined)
      for (const limit of task.extras.limits) this.#limits.acquire(limit, nowMs, task.demand);
    this.#allotments.areas?.start(task, agent, nowMs);
    this.#tasks.schedule(task);
  }

  /** Records that the agent of a task no longer has it. */
  detach(task: Task, hasStarted: boolean, nowMs: number, end?: Result | AttemptEnd): void {
    const { agent, extras } = task;
    if (agent === undefined) return;
    this.#attempts.record(task, agent, end, nowMs);
    this.#unlink(task, agent);
    if (agent.used === 0) agent.idleSinceMs = nowMs;
    if (task.stage === "working") this.count--;
    this.#readiness.roomGained(agent);
    this.#allotments.areas?.finish(task);
    if (extras === undefined) return;
    for (const limit of extras.limits) limit.release(hasStarted, task.demand);
    for (const limit of extras.limits) this.#limits.wake(limit, nowMs);
  }

  #attach(task: Task, agent: Agent): void {
    const latest = this.#latest.get(agent);
    task.agent = agent;
    task.agentBefore = undefined;
    task.agentAfter = latest;
    if (latest !== undefined) latest.agentBefore = task;
    this.#latest.set(agent, task);
    agent.occupy(task.demand.fit);
  }

  #unlink(task: Task, agent: Agent): void {
    const { agentBefore, agentAfter } = task;
    if (agentBefore !== undefined) agentBefore.agentAfter = agentAfter;
    else if (agentAfter !== undefined) this.#latest.set(agent, agentAfter);
    else this.#latest.delete(agent);
    if (agentAfter !== undefined) agentAfter.agentBefore = agentBefore;
    task.agent = undefined;
    task.agentBefore = undefined;
    task.agentAfter = undefined;
    agent.vacate(task.demand.fit);
  }

  /**
   * Asks an agent to end an attempt that is over for its sender. Its slot stays taken until the agent
   * confirms, or until the grace time is over. The caller handles the rest of the task.
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

  /** Frees the slot after an agent has ended an attempt that was already over. */
  release(task: Task, nowMs: number): void {
    task.stopDueMs = never;
    this.detach(task, true, nowMs);
    if (task.stage === "forgotten") this.#tasks.remove(task, nowMs);
    else this.#tasks.schedule(task);
  }
}

const never = Number.POSITIVE_INFINITY;
