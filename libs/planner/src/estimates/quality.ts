/**
 * The quality of results, 0 to 1: by passed checks, by votes, by judges. A mean per kind and per agent at it.
 * With few observations, each is close to the mean of the wider kind. Without any, it is equal to it.
 */
import { type Drift, DriftWatch } from "./drift.ts";
import { Recent } from "./recent.ts";
import type { Subject } from "./subject.ts";

export interface QualityEstimate {
  readonly mean: number;
  /** One in ten results is worse. */
  readonly low: number;
  /** Number of results of exactly this subject. Old ones count less. */
  readonly samples: number;
  /** 0 to 1: the share that comes from results of exactly this subject. */
  readonly confidence: number;
}

/** The knowledge of the wider kind counts like this number of own results. */
const shrinkage = 8;
const memory = 100;
/** The prior: most results are good. */
const usual = { mean: 0.9, deviation: 0.2 } as const;
const sizesMax = 20_000;
/** In a normal distribution, one in ten is below this number of deviations. */
const lowDeviations = 1.2816;
/** Added before a comparison, so that zero is not infinitely far from a small value. */
const ground = 0.05;
const driftNotBefore = 10;

class Mean {
  readonly drift = new DriftWatch();
  sum = 0;
  squares = 0;
  seen = 0;

  add(value: number, expected: number, deviation: number): void {
    const decay = 1 - 1 / memory;
    this.sum = this.sum * decay + value;
    this.squares = this.squares * decay + value * value;
    this.seen = this.seen * decay + 1;
    if (this.seen < driftNotBefore) return;
    const base = expected + ground;
    this.drift.add(Math.log((value + ground) / base), Math.max(ground, deviation) / base);
  }
}

export class QualityEstimates {
  readonly #means = new Recent<Mean>(sizesMax);

  learn(subject: Subject, quality: number): void {
    const value = Math.min(1, Math.max(0, quality));
    // The widest first, so that each is compared with its expectation before this observation.
    const levels = levelsOf(subject);
    const expected = levels.map((_, at) => this.#estimate(levels.slice(0, at + 1)));
    levels.forEach((key, at) => {
      const { mean, deviation } = expected[at] ?? usual;
      this.#means.getOrCreate(key, () => new Mean()).add(value, mean, deviation);
    });
  }

  estimate(subject: Subject): QualityEstimate {
    const { mean, deviation, samples, confidence } = this.#estimate(levelsOf(subject));
    return { mean, low: Math.max(0, mean - lowDeviations * deviation), samples, confidence };
  }

  drift(capability: string): Drift | undefined {
    return this.#means.peek(capability)?.drift.drift;
  }

  #estimate(levels: readonly string[]) {
    let mean: number = usual.mean;
    let square = usual.mean ** 2 + usual.deviation ** 2;
    let samples = 0;
    for (const key of levels) {
      const own = this.#means.peek(key);
      samples = own?.seen ?? 0;
      const weight = samples + shrinkage;
      mean = ((own?.sum ?? 0) + shrinkage * mean) / weight;
      square = ((own?.squares ?? 0) + shrinkage * square) / weight;
    }
    const deviation = Math.sqrt(Math.max(0, square - mean * mean));
    return { mean, deviation, samples, confidence: samples / (samples + shrinkage) };
  }
}

/** Returns the keys from the widest kind to the agent at the capability. */
function levelsOf({ capability, agentId, within = [] }: Subject): readonly string[] {
  const own = agentId === "" ? [] : [`${capability}\n${agentId}`];
  return [...within.toReversed(), capability, ...own];
}
