/**
 * Lower bounds of the duration of any plan.
 *
 * 1. `pathMs`: the longest path through the graph if the fastest suitable agent does each task.
 * 2. `workMs`: all work over all speeds. If demands are not satisfied by all agents: the largest over the
 *    sets of slots that some tasks are bound to.
 * 3. `sharpMs`, never below these. Take the tasks that can neither start before h nor end later than q before
 *    the end. The bound is h + q + the time of the fastest slots for them: the k longest tasks on the k
 *    fastest slots, for every k. This is the bound by levels (Horvath, Lam, Sethi 1977), with heads and tails
 *    as Fernandez and Bussell 1973 use them. Heads and tails include joins: a task that needs a hundred
 *    others starts when slots can have done these.
 *
 * Moves cost nothing here, and pinned tasks may go anywhere: that only lowers a bound.
 */
import type { Graph } from "../graph/graph.ts";
import type { Problem } from "../work/problem.ts";
import { leastTimes } from "./ranks.ts";

export interface LowerBounds {
  readonly pathMs: number;
  readonly workMs: number;
  readonly sharpMs: number;
}

/** Number of times between first and last that are tried as heads, and as tails. */
const momentsMax = 40;

export function lowerBounds(problem: Problem): LowerBounds {
  const least = leastTimes(problem);
  const capacities = capacitiesOf(problem);
  const plainHeads = headsOf(problem, least, undefined);
  const pathMs = latest(plainHeads, least);
  let workMs = 0;
  for (const capacity of capacities) workMs = Math.max(workMs, capacity.of(capacity.tasks, 1).workMs);
  let sharpMs = Math.max(pathMs, workMs);
  for (const capacity of capacities) {
    const heads = headsOf(problem, least, capacity);
    const tails = tailsOf(problem, least, capacity);
    heads.forEach((head, task) => {
      sharpMs = Math.max(sharpMs, head + (least[task] ?? 0) + (tails[task] ?? 0));
    });
    sharpMs = Math.max(sharpMs, windowsMs(capacity, heads, tails, sharpMs));
  }
  return { pathMs, workMs, sharpMs };
}

/** The tasks that only these slots can do, and the maximum speeds of the slots. */
class Capacity {
  /** Longest first. */
  readonly tasks: Uint32Array;
  /** Sizes of all tasks, 0 for tasks outside. */
  readonly sizes: Float64Array;
  /** Sum of the k greatest speeds, from k = 0. */
  readonly #speeds: Float64Array;

  constructor(tasks: Uint32Array, sizes: Float64Array, speeds: Float64Array) {
    this.tasks = tasks;
    this.sizes = sizes;
    this.#speeds = new Float64Array(speeds.length + 1);
    speeds.forEach((speed, at) => {
      this.#speeds[at + 1] = (this.#speeds[at] ?? 0) + speed;
    });
  }

  /** Returns how long the fastest slots need for tasks, given longest first and counted from `levelsFrom` on. */
  of(
    longestFirst: ArrayLike<number>,
    levelsFrom = 0,
  ): { readonly workMs: number; readonly levelsMs: number } {
    const slots = this.#speeds.length - 1;
    const all = this.#speeds[slots] ?? 0;
    let sum = 0;
    let levelsMs = 0;
    for (let at = 0; at < longestFirst.length; at++) {
      sum += this.sizes[longestFirst[at] ?? 0] ?? 0;
      if (levelsFrom === 0 && at + 1 < slots)
        levelsMs = Math.max(levelsMs, sum / (this.#speeds[at + 1] ?? 1));
    }
    const workMs = all === 0 ? 0 : sum / all;
    return { workMs, levelsMs: Math.max(workMs, levelsMs) };
  }
}

/** Returns one capacity per set of slots of a demand, with the tasks of all demands on a subset. */
function capacitiesOf(problem: Problem): readonly Capacity[] {
  const { candidates, demands, sizesMs } = problem;
  const sets = candidates.map((those) => new Set(those));
  const visited = new Set<string>();
  const capacities: Capacity[] = [];
  sets.forEach((set, demand) => {
    const name = [...set].sort((one, other) => one - other).join(" ");
    if (set.size === 0 || visited.has(name) || !demands.includes(demand)) return;
    visited.add(name);
    const within = sets.map((other) => other.size > 0 && [...other].every((slot) => set.has(slot)));
    const tasks = problem.order.filter((task) => within[demands[task] ?? 0]);
    tasks.sort((one, other) => (sizesMs[other] ?? 0) - (sizesMs[one] ?? 0));
    const sizes = new Float64Array(problem.tasks);
    for (const task of tasks) sizes[task] = sizesMs[task] ?? 0;
    capacities.push(new Capacity(tasks, sizes, speedsOf(problem, set, within)));
  });
  return capacities;
}

/** Returns the maximum speed of each slot over the demands, descending. */
function speedsOf(problem: Problem, slots: ReadonlySet<number>, within: readonly boolean[]): Float64Array {
  const { paces, agents, agentOfSlot } = problem;
  const speeds = Float64Array.from(slots, (slot) => {
    let pace = Number.POSITIVE_INFINITY;
    within.forEach((counts, demand) => {
      if (counts) pace = Math.min(pace, paces[demand * agents + (agentOfSlot[slot] ?? 0)] ?? pace);
    });
    return 1 / pace;
  });
  return speeds.sort().reverse();
}

/** Returns the earliest start of each task. */
function headsOf(problem: Problem, least: Float64Array, capacity: Capacity | undefined): Float64Array {
  const { order, before, releaseMs } = problem;
  return earliestStarts(order, before, least, releaseMs, capacity);
}

/** Returns the minimum time from each task's end to the end of all. */
function tailsOf(problem: Problem, least: Float64Array, capacity: Capacity): Float64Array {
  const { order, after } = problem;
  return earliestStarts(order.toReversed(), after, least, new Float64Array(problem.tasks), capacity);
}

function earliestStarts(
  order: Uint32Array,
  needs: Graph,
  least: Float64Array,
  atLeastMs: Float64Array,
  capacity: Capacity | undefined,
): Float64Array {
  const earliest = new Float64Array(order.length);
  const { offsets, targets } = needs;
  for (const task of order) {
    let time = atLeastMs[task] ?? 0;
    const from = offsets[task] ?? 0;
    const to = offsets[task + 1] ?? 0;
    for (let edge = from; edge < to; edge++) {
      const other = targets[edge] ?? 0;
      time = Math.max(time, (earliest[other] ?? 0) + (least[other] ?? 0));
    }
    if (capacity !== undefined && to - from > 1) {
      const joined = Array.from({ length: to - from }, (_, at) => targets[from + at] ?? 0);
      time = Math.max(time, joinMs(joined, earliest, capacity));
    }
    earliest[task] = time;
  }
  return earliest;
}

/** Returns when tasks with given earliest starts can all be done. */
function joinMs(joined: number[], earliest: Float64Array, capacity: Capacity): number {
  const { sizes } = capacity;
  joined.sort((one, other) => (sizes[other] ?? 0) - (sizes[one] ?? 0));
  let latestMs = 0;
  for (const moment of momentsOf(joined.map((task) => earliest[task] ?? 0))) {
    const those = joined.filter((task) => (earliest[task] ?? 0) >= moment && (sizes[task] ?? 0) > 0);
    latestMs = Math.max(latestMs, moment + capacity.of(those).levelsMs);
  }
  return latestMs;
}

function windowsMs(capacity: Capacity, heads: Float64Array, tails: Float64Array, knownMs: number): number {
  let longestMs = knownMs;
  const { tasks } = capacity;
  const tailMoments = momentsOf(Array.from(tasks, (task) => tails[task] ?? 0));
  for (const head of momentsOf(Array.from(tasks, (task) => heads[task] ?? 0))) {
    const late = tasks.filter((task) => (heads[task] ?? 0) >= head);
    for (const tail of tailMoments) {
      const those = late.filter((task) => (tails[task] ?? 0) >= tail);
      if (those.length > 0) longestMs = Math.max(longestMs, head + tail + capacity.of(those).levelsMs);
    }
  }
  return longestMs;
}

/** Returns some of the times, evenly distributed, with the first. */
function momentsOf(times: readonly number[]): readonly number[] {
  const distinct = [...new Set(times)].sort((one, other) => one - other);
  if (distinct.length <= momentsMax) return distinct;
  return Array.from(
    { length: momentsMax },
    (_, at) => distinct[Math.floor((at * distinct.length) / momentsMax)] ?? 0,
  );
}

function latest(heads: Float64Array, least: Float64Array): number {
  return heads.reduce((most, head, task) => Math.max(most, head + (least[task] ?? 0)), 0);
}
