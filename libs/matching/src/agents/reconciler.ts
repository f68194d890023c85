/** Compares the tasks that an agent reports with what the pool knows of them. */

import type { Claims } from "../task/claims.ts";
import { isWaiting } from "../task/queueing.ts";
import type { Running } from "../task/running.ts";
import type { Task } from "../task/task.ts";
import type { Tasks } from "../task/tasks.ts";
import { TokenTable } from "../task/token-table.ts";
import type { Waiting } from "../task/waiting.ts";
import type { Agent } from "./agent.ts";
import type { Losses } from "./losses.ts";
import type { Readiness } from "./readiness.ts";

/** The parts that Reconciler needs. */
export interface ReconcilerParts {
  readonly claims: Claims;
  readonly tasks: Tasks;
  readonly waiting: Waiting;
  readonly running: Running;
  readonly losses: Losses;
  readonly readiness: Readiness;
}

export class Reconciler {
  readonly #claims: Claims;
  readonly #tasks: Tasks;
  readonly #waiting: Waiting;
  readonly #running: Running;
  readonly #losses: Losses;
  readonly #readiness: Readiness;

  constructor(parts: ReconcilerParts) {
    this.#claims = parts.claims;
    this.#tasks = parts.tasks;
    this.#waiting = parts.waiting;
    this.#running = parts.running;
    this.#losses = parts.losses;
    this.#readiness = parts.readiness;
  }

  /**
   * Returns the tokens that the agent can forget.
   *
   * 1. What both know continues, and so does a result that its sender does not have durable: the agent
   *    repeats it.
   * 2. A waiting task that the agent reports was offered before its agent came back, as after a change of
   *    owners. It is running and is not given to another agent, if the agent offers its capability, or came
   *    back only to answer. Slots do not count: the agent also names results that wait to be durable, and
   *    these need none.
   * 3. In a pool that has just moved here, an unknown attempt belongs to a sender that has not connected yet.
   * 4. The agent does not have an attempt that it does not name. The same incarnation never got it, if it
   *    never reported a start. For another incarnation it is unknown how far the attempt came. An attempt
   *    with a second copy does not wait again: the copy continues alone.
   */
  reconcile(agent: Agent, running: readonly Uint8Array[], isSame: boolean, nowMs: number): Uint8Array[] {
    const unwanted: Uint8Array[] = [];
    const named = new TokenTable<true>(0);
    this.#claims.drop(agent);
    const isYoung = nowMs < this.#claims.untilMs;
    for (const token of running) {
      const task = this.#tasks.get(token);
      if (task === undefined) {
        if (token.length !== 16 || !isYoung || !this.#claims.add(token, agent, nowMs)) unwanted.push(token);
      } else if (task.agent === agent && task.stage === "working") named.set(token, true);
      else if (mayHave(task, agent)) {
        this.#waiting.removeRunning(task, nowMs);
        this.#running.start(task, agent, nowMs);
        task.extras?.gang?.claim(task);
        named.set(token, true);
      } else if (!hasPendingResult(task, agent)) unwanted.push(token);
    }
    for (const task of this.#running.tasksOf(agent)) {
      if (task.stage !== "working") this.#running.release(task, nowMs);
      else if (named.get(task.offer.token) === undefined) {
        if (isSame && task.startedMs === 0 && !isTwin(task)) {
          this.#running.detach(task, false, nowMs, "busy");
          this.#waiting.requeue(task, nowMs);
        } else this.#losses.lose(task, "the agent does not have it any more", nowMs);
      }
    }
    this.#readiness.roomGained(agent);
    return unwanted;
  }
}

/** Returns whether a task that waits may be running at the agent. */
function mayHave(task: Task, agent: Agent): boolean {
  if (!isWaiting(task)) return false;
  // An agent that polls, and came back only to answer, names its attempts and offers nothing.
  return agent.offered.length === 0 || task.demand.matches.some(({ cohort }) => cohort === agent.cohort);
}

function isTwin({ twin }: Task): boolean {
  return twin?.original !== undefined || twin?.copy !== undefined;
}

/** Returns whether the agent has a result of the task that is not durable yet. */
function hasPendingResult({ stage, link, agent: owner }: Task, agent: Agent): boolean {
  return stage === "ended" && owner === undefined && link?.agent.agentId === agent.agentId;
}
