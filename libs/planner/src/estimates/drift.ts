/**
 * Detects values that differ from the learned ones: sums of deviations above and below the expectation, less
 * an allowance for each value (CUSUM, Page 1954). Noise hardly ever brings a sum this far. A lasting change
 * of one deviation does so within some fifteen values, and one of three within three.
 */
export interface Drift {
  /** Number of values since its start. */
  readonly samples: number;
  /** Factor between the values and the expectation until it was noticed: 2 is twice as long. */
  readonly factor: number;
  /** Probability of the drift, 0 to 1. */
  readonly confidence: number;
}

const allowance = 0.5;
const noticedAt = 7;
/** One value alone is no drift. */
const deviationsMost = 3;

export class DriftWatch {
  readonly #longer: Side;
  readonly #shorter: Side;

  constructor(longer = new Side(), shorter = new Side()) {
    this.#longer = longer;
    this.#shorter = shorter;
  }

  clone(): DriftWatch {
    return new DriftWatch(this.#longer.clone(), this.#shorter.clone());
  }

  /** Adds the logarithm of a value over its expectation, with its usual deviation. */
  add(surprise: number, deviation: number): void {
    const deviations = Math.max(
      -deviationsMost,
      Math.min(deviationsMost, surprise / Math.max(deviation, 1e-9)),
    );
    this.#longer.add(deviations, surprise);
    this.#shorter.add(-deviations, surprise);
  }

  /** The drift. Undefined if values are as expected, or the learned values have caught up. */
  get drift(): Drift | undefined {
    return this.#longer.drift ?? this.#shorter.drift;
  }
}

class Side {
  #sum = 0;
  #samples = 0;
  /** The two largest deviations: the learned values catch up, so later values show less. */
  #furthest: readonly number[] = [];
  #factor: number | undefined;

  clone(): Side {
    const other = new Side();
    other.#sum = this.#sum;
    other.#samples = this.#samples;
    other.#furthest = this.#furthest;
    other.#factor = this.#factor;
    return other;
  }

  add(deviations: number, surprise: number): void {
    this.#sum = Math.max(0, this.#sum + deviations - allowance);
    if (this.#sum === 0) {
      this.#samples = 0;
      this.#furthest = [];
      this.#factor = undefined;
      return;
    }
    this.#samples++;
    const byDistance = (one: number, other: number) => Math.abs(other) - Math.abs(one);
    this.#furthest = [...this.#furthest, surprise].sort(byDistance).slice(0, 2);
    const mean = this.#furthest.reduce((sum, each) => sum + each, 0) / this.#furthest.length;
    if (this.#sum >= noticedAt) this.#factor ??= Math.exp(mean);
  }

  get drift(): Drift | undefined {
    if (this.#factor === undefined) return undefined;
    return { samples: this.#samples, factor: this.#factor, confidence: 1 - Math.exp(-this.#sum / 4) };
  }
}
