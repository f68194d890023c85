import type { Plan } from "../plan/plan.ts";
import type { Assignment, Dispatcher, Presence } from "./dispatcher.ts";

/**
 * Follows a plan exactly: each agent does its tasks in the order of their planned starts, none before its
 * turn. If all durations are as planned, no task starts later than planned.
 */
export class Follow implements Dispatcher {
  readonly #turns: readonly number[][];
  readonly #places: Uint32Array;
  readonly #ready: Uint8Array;
  readonly #agentOf: Int32Array;
  /** Agents that may be able to start a task. */
  readonly #awake: Set<number>;

  constructor({ agentOf, startMs, endMs, order }: Plan) {
    const agents = agentOf.reduce((most, agent) => Math.max(most, agent), -1) + 1;
    this.#turns = Array.from({ length: agents }, () => []);
    // Of two tasks without duration at the same time, one may need the other: a stable sort keeps their order.
    for (const task of order) this.#turns[agentOf[task] ?? -1]?.push(task);
    const time = (times: Float64Array, task: number) => times[task] ?? 0;
    for (const turn of this.#turns)
      turn.sort(
        (one, other) => time(startMs, one) - time(startMs, other) || time(endMs, one) - time(endMs, other),
      );
    this.#places = new Uint32Array(agents);
    this.#ready = new Uint8Array(agentOf.length);
    this.#agentOf = agentOf;
    this.#awake = new Set(this.#turns.keys());
  }

  ready(task: number): void {
    this.#ready[task] = 1;
    this.#awake.add(this.#agentOf[task] ?? -1);
  }

  recordEnd(_task: number, agent: number): void {
    this.#awake.add(agent);
  }

  joined(agent: number): void {
    this.#awake.add(agent);
  }

  lost(task: number, agent: number): void {
    // It comes first if the agent returns.
    this.#turns[agent]?.splice(this.#places[agent] ?? 0, 0, task);
  }

  next(presence: Presence): Assignment | undefined {
    for (const agent of this.#awake) {
      const place = this.#places[agent] ?? 0;
      const task = this.#turns[agent]?.[place];
      if (task !== undefined && this.#ready[task] === 1 && presence.freeSlots(agent) > 0) {
        this.#places[agent] = place + 1;
        return { task, agent };
      }
      this.#awake.delete(agent);
    }
    return undefined;
  }
}
