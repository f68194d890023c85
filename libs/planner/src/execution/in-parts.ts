import { type Problem, prepare } from "../work/problem.ts";
import type { Assignment, Dispatcher, Presence } from "./dispatcher.ts";

/** The tasks of one dispatcher. */
export interface Share {
  /** Their numbers in the whole problem. */
  readonly tasks: readonly number[];
  /** Returns the dispatcher for the part: tasks have their numbers in the part. */
  dispatcher(problem: Problem): Dispatcher;
}

/**
 * Several dispatchers on the same agents, each with its own tasks. None knows the tasks of the others: an end
 * in another part is known only when it has happened. They are asked for assignments in their order.
 */
export class InParts implements Dispatcher {
  readonly #parts: readonly { readonly tasks: readonly number[]; readonly dispatcher: Dispatcher }[];
  readonly #partOf: Uint32Array;
  readonly #placeIn: Uint32Array;

  constructor(problem: Problem, shares: readonly Share[]) {
    this.#partOf = new Uint32Array(problem.tasks);
    this.#placeIn = new Uint32Array(problem.tasks);
    this.#parts = shares.map(({ tasks, dispatcher }, part) => {
      tasks.forEach((task, place) => {
        this.#partOf[task] = part;
        this.#placeIn[task] = place;
      });
      return { tasks, dispatcher: dispatcher(partOf(problem, tasks)) };
    });
  }

  ready(task: number, nowMs: number): void {
    this.#of(task)?.ready(this.#placeIn[task] ?? 0, nowMs);
  }

  recordEnd(task: number, agent: number, runMs: number, nowMs: number): void {
    this.#of(task)?.recordEnd(this.#placeIn[task] ?? 0, agent, runMs, nowMs);
    // The agent is also free for the others.
    for (const { dispatcher } of this.#parts) dispatcher.joined?.(agent, nowMs);
  }

  joined(agent: number, nowMs: number): void {
    for (const { dispatcher } of this.#parts) dispatcher.joined?.(agent, nowMs);
  }

  lost(task: number, agent: number, nowMs: number): void {
    this.#of(task)?.lost(this.#placeIn[task] ?? 0, agent, nowMs);
  }

  next(presence: Presence, nowMs: number): Assignment | undefined {
    for (const { tasks, dispatcher } of this.#parts) {
      const next = dispatcher.next(presence, nowMs);
      if (next === undefined) continue;
      const { task, agent, insteadOf } = next;
      return {
        task: tasks[task] ?? 0,
        agent,
        ...(insteadOf === undefined ? {} : { insteadOf: tasks[insteadOf] ?? 0 }),
      };
    }
    return undefined;
  }

  wakeMs(): number {
    return Math.min(
      ...this.#parts.map(({ dispatcher }) => dispatcher.wakeMs?.() ?? Number.POSITIVE_INFINITY),
    );
  }

  #of(task: number): Dispatcher | undefined {
    return this.#parts[this.#partOf[task] ?? 0]?.dispatcher;
  }
}

/** Returns the problem of some tasks, on the same agents. */
export function partOf(problem: Problem, tasks: readonly number[]): Problem {
  const placeIn = new Int32Array(problem.tasks).fill(-1);
  tasks.forEach((task, place) => {
    placeIn[task] = place;
  });
  const { offsets, targets } = problem.after;
  const starts = [0];
  const inside: number[] = [];
  for (const task of tasks) {
    for (let edge = offsets[task] ?? 0; edge < (offsets[task + 1] ?? 0); edge++) {
      const place = placeIn[targets[edge] ?? 0] ?? -1;
      if (place >= 0) inside.push(place);
    }
    starts.push(inside.length);
  }
  const pick = (values: ArrayLike<number>) => tasks.map((task) => values[task] ?? 0);
  const slots = new Uint32Array(problem.agents);
  for (const agent of problem.agentOfSlot) slots[agent] = (slots[agent] ?? 0) + 1;
  const prepared = prepare(
    {
      graph: { offsets: starts, targets: inside },
      sizesMs: pick(problem.sizesMs),
      demands: pick(problem.demands),
      releaseMs: pick(problem.releaseMs),
      moveMs: pick(problem.moveMs),
      grown: pick(problem.grown),
      pinned: pick(problem.pinned),
    },
    { slots, paces: problem.paces },
  );
  if ("impossible" in prepared) throw new RangeError("expected a part of what can be done");
  const { slotFromMs, slotUntilMs } = problem;
  return { ...prepared.problem, slotFromMs, slotUntilMs };
}
