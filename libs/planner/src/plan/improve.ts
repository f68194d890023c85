/**
 * Better than HEFT: a search over the ranks that tasks are placed by. From the best so far some ranks are changed by
 * chance, and what becomes no later is kept (iterated local search). It starts from HEFT, so it is never worse.
 *
 * 1. Bounded by steps, so that a seed gives the same plan on every machine. `stop` ends it earlier where time is short.
 * 2. It ends when the plan meets the lower bound: nothing better is there.
 * 3. Ranks are never lower than those of successors, so each order keeps to the needs.
 */
import { Draws } from "../chance/draws.ts";
import type { Problem } from "../work/problem.ts";
import { lowerBounds } from "./bounds.ts";
import { Placement } from "./placement.ts";
import { type Plan, planOf } from "./plan.ts";
import { byRank, leastTimes, meanTimes, upwardRanks } from "./ranks.ts";

export interface Search {
  /** How many orders are tried. */
  readonly steps: number;
  readonly seed?: number;
  /** Asked after every few steps: whether time is over. */
  readonly stop?: () => boolean;
}

/** Chains that restart, and continue from the best of them: one alone may run into a corner. */
const chains = 3;
/** How much of the steps the chains have, each as much as the others. The remaining steps belong to the best. */
const chainsShare = 0.6;
const stepsBetweenLooks = 16;
/** By which deviation of its logarithm a rank changes. */
const strengths = [0.1, 0.3, 1] as const;
/** How many ranks change: so many tasks, or this share of all. */
const changedTasks = [1, 3] as const;
const changedShares = [0.05, 0.2] as const;
/** What is this much above the bound, as a share, is at the bound. */
const closeEnough = 1e-9;

/** Undefined where agents leave too early for what every order that was tried left to the end. */
export function improvedPlan(problem: Problem, search: Search): Plan | undefined {
  const walk = new Walk(problem, search);
  const each = Math.floor((search.steps * chainsShare) / chains);
  for (let chain = 0; chain < chains && !walk.over; chain++) walk.chain(each);
  if (!walk.over) walk.goOn(search.steps - walk.steps);
  return walk.plan();
}

class Walk {
  readonly #problem: Problem;
  readonly #search: Search;
  readonly #placement: Placement;
  readonly #draws: Draws;
  readonly #first: Float64Array;
  readonly #enoughMs: number;
  readonly #firstMs: number;
  #best: Float64Array;
  #bestMs: number;
  steps = 0;
  over = false;

  constructor(problem: Problem, search: Search) {
    this.#problem = problem;
    this.#search = search;
    this.#draws = new Draws(search.seed ?? 1);
    this.#placement = new Placement(problem);
    this.#enoughMs = lowerBounds(problem).sharpMs * (1 + closeEnough);
    this.#first = upwardRanks(problem, meanTimes(problem));
    this.#firstMs = this.#measure(this.#first, Number.POSITIVE_INFINITY);
    this.#best = this.#first;
    this.#bestMs = this.#firstMs;
    // Times where each is fastest tell other ranks where agents differ by what they are good at.
    this.#walk(upwardRanks(problem, leastTimes(problem)), this.#firstMs, 1);
  }

  /** From the beginning. */
  chain(steps: number): void {
    this.#walk(this.#first, this.#firstMs, steps);
  }

  /** From the best. */
  goOn(steps: number): void {
    this.#walk(this.#best, this.#bestMs, steps);
  }

  plan(): Plan | undefined {
    if (this.#bestMs === Number.POSITIVE_INFINITY) return undefined;
    const order = byRank(this.#problem, this.#best);
    this.#placement.place(order);
    const method = this.#best === this.#first ? "heft" : "improved";
    return planOf(this.#placement, { method, steps: this.steps, ranks: this.#best, order });
  }

  #walk(from: Float64Array, fromMs: number, steps: number): void {
    let current = from;
    let currentMs = fromMs;
    for (let step = 0; step < steps && !this.over; step++) {
      const next = this.#changed(current);
      const nextMs = this.#measure(next, currentMs);
      if (nextMs > currentMs || nextMs === Number.POSITIVE_INFINITY) continue;
      current = next;
      currentMs = nextMs;
      if (nextMs < this.#bestMs) {
        this.#best = next;
        this.#bestMs = nextMs;
      }
    }
  }

  #measure(ranks: Float64Array, limitMs: number): number {
    const endMs = this.#placement.place(byRank(this.#problem, ranks), limitMs);
    this.steps++;
    const stop = this.steps % stepsBetweenLooks === 0 && this.#search.stop?.() === true;
    this.over = stop || endMs <= this.#enoughMs || this.steps >= this.#search.steps;
    return endMs;
  }

  #changed(ranks: Float64Array): Float64Array {
    const { tasks, order, after } = this.#problem;
    const { offsets, targets } = after;
    const next = ranks.slice();
    const draws = this.#draws;
    const strength = strengths[draws.below(strengths.length)] ?? 0;
    const kind = draws.below(changedTasks.length + changedShares.length);
    const many = changedTasks[kind] ?? Math.ceil(tasks * (changedShares[kind - changedTasks.length] ?? 0));
    for (let change = 0; change < many; change++) {
      const task = draws.below(tasks);
      next[task] = (next[task] ?? 0) * Math.exp(strength * draws.normal());
    }
    for (let at = order.length - 1; at >= 0; at--) {
      const task = order[at] ?? 0;
      let rank = next[task] ?? 0;
      for (let edge = offsets[task] ?? 0; edge < (offsets[task + 1] ?? 0); edge++)
        rank = Math.max(rank, next[targets[edge] ?? 0] ?? 0);
      next[task] = rank;
    }
    return next;
  }
}
