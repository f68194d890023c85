/**
 * Improves HEFT: a local search over the ranks by which tasks are placed. Some ranks of the best solution are
 * changed randomly, and a result that is not later is kept (iterated local search). It starts from HEFT, so
 * it is never worse.
 *
 * 1. Bounded by steps, so that a seed gives the same plan on every machine. `stop` ends it earlier if time is
 *    short.
 * 2. It ends when the plan meets the lower bound, which is optimal.
 * 3. Ranks are never lower than those of successors, so each order satisfies the needs.
 */
import { Draws } from "../chance/draws.ts";
import type { Problem } from "../work/problem.ts";
import { lowerBounds } from "./bounds.ts";
import { Placement } from "./placement.ts";
import { type Plan, planOf } from "./plan.ts";
import { byRank, leastTimes, meanTimes, upwardRanks } from "./ranks.ts";

export interface Search {
  /** Number of tried orders. */
  readonly steps: number;
  readonly seed?: number;
  /** Called after every few steps. Returns true if time is over. */
  readonly stop?: () => boolean;
}

/** Number of independent chains. The best of them continues: a single one may end in a local optimum. */
const chains = 3;
/** Share of the steps for the chains, divided evenly. The remaining steps belong to the best. */
const chainsShare = 0.6;
const stepsBetweenChecks = 16;
/** Deviations of the logarithm of a changed rank. */
const strengths = [0.1, 0.3, 1] as const;
/** Number of changed ranks: as tasks, or as a share of all. */
const changedTasks = [1, 3] as const;
const changedShares = [0.05, 0.2] as const;
/** A plan within this share of the bound is optimal. */
const closeEnough = 1e-9;

/** Undefined if agents leave too early for a task in every tried order. */
export function improvedPlan(problem: Problem, search: Search): Plan | undefined {
  const walk = new Walk(problem, search);
  const each = Math.floor((search.steps * chainsShare) / chains);
  for (let chain = 0; chain < chains && !walk.over; chain++) walk.chain(each);
  if (!walk.over) walk.resume(search.steps - walk.steps);
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
    // Minimum durations give other ranks if agents are good at different tasks.
    this.#walk(upwardRanks(problem, leastTimes(problem)), this.#firstMs, 1);
  }

  /** Runs a chain from the first solution. */
  chain(steps: number): void {
    this.#walk(this.#first, this.#firstMs, steps);
  }

  /** Continues from the best solution. */
  resume(steps: number): void {
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
    const stop = this.steps % stepsBetweenChecks === 0 && this.#search.stop?.() === true;
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
