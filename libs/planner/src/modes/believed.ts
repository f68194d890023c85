import { Latent, observe } from "../estimates/latent.ts";
import type { Outlook } from "../execution/outlook.ts";
import type { Problem } from "../work/problem.ts";

/** The expectations about tasks before any of them has started. */
export interface Beliefs {
  readonly mediansMs: Float64Array;
  readonly kindVariance: Float64Array;
  readonly ownVariance: Float64Array;
  /** Tasks with the same number are of one kind: an end informs about the others. */
  readonly kindOf: Uint32Array;
}

/** Returns the beliefs for some of the tasks, by their positions among them. */
export function beliefsOf(beliefs: Beliefs, tasks: readonly number[] | undefined): Beliefs {
  if (tasks === undefined) return beliefs;
  const pick = (values: Float64Array) => Float64Array.from(tasks, (task) => values[task] ?? 0);
  return {
    mediansMs: pick(beliefs.mediansMs),
    kindVariance: pick(beliefs.kindVariance),
    ownVariance: pick(beliefs.ownVariance),
    kindOf: Uint32Array.from(tasks, (task) => beliefs.kindOf[task] ?? 0),
  };
}

const leastVariance = 0.01;
const shapeOf = (variance: number) => Math.PI / Math.sqrt(3 * variance);

/**
 * An outlook that is cheap enough for plans on drawn durations: beliefs about tasks, corrected by ended tasks
 * of the same kind. `LearnedTimes` knows more. This changes no estimates.
 */
export class Believed implements Outlook {
  readonly #problem: Problem;
  readonly #beliefs: Beliefs;
  readonly #kinds: readonly Latent[];

  constructor(problem: Problem, beliefs: Beliefs) {
    this.#problem = problem;
    this.#beliefs = beliefs;
    const kinds: Latent[] = [];
    beliefs.kindOf.forEach((kind, task) => {
      kinds[kind] ??= new Latent(0, beliefs.kindVariance[task] ?? 0);
    });
    this.#kinds = kinds;
  }

  expectedMs(task: number, agent: number): number {
    return this.usualMs(task) * this.#pace(task, agent);
  }

  usualMs(task: number): number {
    return this.#medianMs(task) * Math.exp(this.#variance(task) / 2);
  }

  remainingMs(task: number, agent: number, elapsedMs: number, share: number): number {
    const medianMs = this.#medianMs(task) * this.#pace(task, agent);
    if (medianMs === 0) return 0;
    const shape = shapeOf(Math.max(leastVariance, this.#variance(task)));
    const passed = Math.min(1e6, (elapsedMs / medianMs) ** shape);
    return Math.max(0, medianMs * ((1 + passed) / (1 - share) - 1) ** (1 / shape) - elapsedMs);
  }

  prepare(): void {
    // The beliefs include the sizes of inputs.
  }

  ready(): void {
    // Nothing more is known at that time.
  }

  learn(task: number, agent: number, runMs: number): void {
    const kind = this.#kinds[this.#beliefs.kindOf[task] ?? 0];
    const usualMs = (this.#beliefs.mediansMs[task] ?? 0) * this.#pace(task, agent);
    if (kind === undefined || usualMs <= 0 || runMs <= 0) return;
    const noise = Math.max(leastVariance, this.#beliefs.ownVariance[task] ?? 0);
    observe([{ latent: kind, weight: 1 }], Math.log(runMs / usualMs), noise);
  }

  #medianMs(task: number): number {
    const kind = this.#kinds[this.#beliefs.kindOf[task] ?? 0];
    return (this.#beliefs.mediansMs[task] ?? 0) * Math.exp(kind?.mean ?? 0);
  }

  #variance(task: number): number {
    const kind = this.#kinds[this.#beliefs.kindOf[task] ?? 0];
    return (kind?.variance ?? 0) + (this.#beliefs.ownVariance[task] ?? 0);
  }

  #pace(task: number, agent: number): number {
    const { paces, demands, agents } = this.#problem;
    return paces[(demands[task] ?? 0) * agents + agent] ?? Number.POSITIVE_INFINITY;
  }
}
