/**
 * Turns an order of tasks into a plan: each task in turn goes where it ends earliest, into the first
 * sufficient gap (the second half of HEFT). Every search for a plan searches for an order, and evaluates it
 * here.
 *
 * 1. An order has each task after all its needs. Then the placement satisfies needs, releases, moves, slots
 *    and stays.
 * 2. Of slots with the same end, the fastest is taken, then the first: the same order gives the same plan.
 * 3. One placement serves many orders: nothing is allocated per order.
 */
import type { Problem } from "../work/problem.ts";
import { FreeTime } from "./free-time.ts";

export class Placement {
  readonly problem: Problem;
  readonly startMs: Float64Array;
  readonly endMs: Float64Array;
  readonly slotOf: Int32Array;
  readonly #free: readonly FreeTime[];

  constructor(problem: Problem) {
    this.problem = problem;
    this.startMs = new Float64Array(problem.tasks);
    this.endMs = new Float64Array(problem.tasks);
    this.slotOf = new Int32Array(problem.tasks).fill(-1);
    this.#free = Array.from({ length: problem.slots }, () => new FreeTime());
  }

  /**
   * Places all tasks. Returns the last end, or `Infinity` if a task found no place or the end exceeds
   * `limitMs`, beyond which the value is irrelevant.
   */
  place(order: ArrayLike<number>, limitMs = Number.POSITIVE_INFINITY): number {
    const { startMs, endMs, slotOf } = this;
    const {
      slotFromMs,
      slotUntilMs,
      demands,
      sizesMs,
      candidates,
      paces,
      agents,
      agentOfSlot,
      pinned,
      moves,
    } = this.problem;
    for (let slot = 0; slot < this.#free.length; slot++)
      this.#free[slot]?.reset(slotFromMs[slot] ?? 0, slotUntilMs[slot] ?? 0);
    let makespanMs = 0;
    for (let at = 0; at < order.length; at++) {
      const task = order[at] ?? 0;
      const demand = demands[task] ?? 0;
      const size = sizesMs[task] ?? 0;
      const pinnedAgent = pinned[task] ?? -1;
      const those = candidates[demand] as Uint32Array;
      const readyMs = this.#readyMs(task);
      let best = -1;
      let bestEndMs = Number.POSITIVE_INFINITY;
      let bestReadyMs = 0;
      let bestStartMs = 0;
      for (let each = 0; each < those.length; each++) {
        const slot = those[each] ?? 0;
        const agent = agentOfSlot[slot] ?? 0;
        const taskMs = size * (paces[demand * agents + agent] ?? 0);
        // The following slots are slower still.
        if (readyMs + taskMs >= bestEndMs) break;
        if (pinnedAgent !== -1 && pinnedAgent !== agent) continue;
        const inputsReadyMs = moves ? Math.max(readyMs, this.#movedMs(task, agent)) : readyMs;
        const free = this.#free[slot] as FreeTime;
        const starts = free.earliest(inputsReadyMs, taskMs);
        const ends = starts + taskMs;
        if (ends < bestEndMs) {
          best = slot;
          bestEndMs = ends;
          bestReadyMs = inputsReadyMs;
          bestStartMs = starts;
        }
      }
      if (best < 0 || bestEndMs > limitMs) return Number.POSITIVE_INFINITY;
      const takesMs = size * (paces[demand * agents + (agentOfSlot[best] ?? 0)] ?? 0);
      this.#free[best]?.occupy(bestReadyMs, takesMs);
      startMs[task] = bestStartMs;
      endMs[task] = bestEndMs;
      slotOf[task] = best;
      if (bestEndMs > makespanMs) makespanMs = bestEndMs;
    }
    return makespanMs;
  }

  /** Returns when all its needs have ended. */
  #readyMs(task: number): number {
    const { releaseMs, before } = this.problem;
    const { offsets, targets } = before;
    let readyMs = releaseMs[task] ?? 0;
    for (let edge = offsets[task] ?? 0; edge < (offsets[task + 1] ?? 0); edge++) {
      const ends = this.endMs[targets[edge] ?? 0] ?? 0;
      if (ends > readyMs) readyMs = ends;
    }
    return readyMs;
  }

  /** Returns when all its inputs are at that agent. */
  #movedMs(task: number, agent: number): number {
    const { moveMs, agentOfSlot, before } = this.problem;
    const { offsets, targets } = before;
    let latestMs = 0;
    for (let edge = offsets[task] ?? 0; edge < (offsets[task + 1] ?? 0); edge++) {
      const other = targets[edge] ?? 0;
      const isSameAgent = agentOfSlot[this.slotOf[other] ?? 0] === agent;
      const inputsReadyMs = (this.endMs[other] ?? 0) + (isSameAgent ? 0 : (moveMs[other] ?? 0));
      if (inputsReadyMs > latestMs) latestMs = inputsReadyMs;
    }
    return latestMs;
  }
}
