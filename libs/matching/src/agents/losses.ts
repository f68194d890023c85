/** What happens to the attempts of agents that leave or lose their work. */
import { matchingErrors } from "../errors.ts";
import type { BoundTasks } from "../task/bound-tasks.ts";
import type { Copies } from "../task/copies.ts";
import type { Outcomes } from "../task/outcomes.ts";
import type { Preemption } from "../task/preemption.ts";
import type { Running } from "../task/running.ts";
import type { Task } from "../task/task.ts";
import type { Agent } from "./agent.ts";

/** The parts that Losses needs. */
export interface LossesParts {
  readonly bound: BoundTasks;
  readonly running: Running;
  readonly copies: Copies;
  readonly outcomes: Outcomes;
  readonly preemption: Preemption;
}

export class Losses {
  readonly #bound: BoundTasks;
  readonly #running: Running;
  readonly #copies: Copies;
  readonly #outcomes: Outcomes;
  readonly #preemption: Preemption;

  constructor(parts: LossesParts) {
    this.#bound = parts.bound;
    this.#running = parts.running;
    this.#copies = parts.copies;
    this.#outcomes = parts.outcomes;
    this.#preemption = parts.preemption;
  }

  /** Gives all attempts of an agent to others. */
  loseAll(agent: Agent, reason: string, nowMs: number): void {
    this.#bound.releaseAll(agent.agentId);
    for (const task of this.#running.tasksOf(agent)) this.lose(task, reason, nowMs);
  }

  /** Takes one attempt away from an agent that lost it. */
  lose(task: Task, reason: string, nowMs: number): void {
    const { agent } = task;
    if (agent === undefined) return;
    if (task.stage !== "working") {
      this.#running.release(task, nowMs);
      return;
    }
    agent.link?.outgoing.cancels.push({ token: task.offer.token, reason, graceMs: 0 });
    const { capability } = task.demand.requirements;
    const parameters = { capability, agent: agent.agentId, reason };
    const refusal = matchingErrors.lost.refusal(parameters, { details: { agent: agent.agentId, reason } });
    const original = task.twin?.original;
    if (original !== undefined) {
      this.#copies.discard(task, nowMs);
      if (original.agent === undefined) this.#outcomes.fail(original, refusal, nowMs);
      return;
    }
    if (this.#copies.promoteCopy(task, nowMs)) return;
    if (task.yields) {
      this.#preemption.detach(task, nowMs);
      return;
    }
    this.#running.detach(task, true, nowMs, "lost");
    this.#outcomes.fail(task, refusal, nowMs);
  }
}
