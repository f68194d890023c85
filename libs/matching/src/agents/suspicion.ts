/**
 * How improbable an agent's silence is, by the rhythm of its earlier heartbeats (a phi-accrual failure
 * detector): a level of 3 means that one silence in a thousand is as long, and 8 one in a hundred million. So
 * an agent with even heartbeats is suspect soon, and an agent on a bad link is not suspect all the time.
 *
 * The level is not polled. The rhythm gives the silence at which the threshold is reached, and the pool
 * checks again then.
 */

/** How many intervals are remembered, and how many are needed before the first conclusion. */
const intervalsMax = 64;
const intervalsMin = 5;
/** Least deviation of a rhythm, as a part of its mean: hosts and networks stall. */
const leastDeviation = 0.25;

export class Suspicion {
  #mean = 0;
  #variance = 0;
  #samples = 0;
  #lastMs = 0;

  /** Records a heartbeat. */
  beat(nowMs: number): void {
    const interval = nowMs - this.#lastMs;
    const isFirst = this.#lastMs === 0;
    this.#lastMs = nowMs;
    if (isFirst) return;
    this.#samples = Math.min(this.#samples + 1, intervalsMax);
    const surprise = interval - this.#mean;
    this.#mean += surprise / this.#samples;
    this.#variance += (surprise * (interval - this.#mean) - this.#variance) / this.#samples;
  }

  /** Interrupts the rhythm for a known reason, such as a cut link. The learned intervals stay. */
  pause(): void {
    this.#lastMs = 0;
  }

  /** Returns the silence after which the level reaches a threshold. Undefined after too few heartbeats. */
  silenceMs(threshold: number): number | undefined {
    if (this.#samples < intervalsMin) return undefined;
    return this.#mean + this.#deviation * deviationsAt(threshold);
  }

  /** Returns the level after a silence. Undefined after too few heartbeats. */
  level(silenceMs: number): number | undefined {
    if (this.#samples < intervalsMin) return undefined;
    return levelAt((silenceMs - this.#mean) / this.#deviation);
  }

  get #deviation(): number {
    return Math.max(Math.sqrt(this.#variance), leastDeviation * this.#mean, 1);
  }
}

/**
 * Returns how improbable it is that a normally distributed value is `deviations` above its mean, as a
 * negative power of ten. By a logistic curve, exact to a few percent, and increasing, which is what counts.
 */
function levelAt(deviations: number): number {
  return Math.log1p(Math.exp(slope(deviations))) / Math.LN10;
}

function slope(deviations: number): number {
  return deviations * (1.5976 + 0.070566 * deviations * deviations);
}

/** Returns the inverse of `levelAt`, by Newton's method: it is smooth and has one solution. */
function deviationsAt(level: number): number {
  const target = Math.log(Math.expm1(level * Math.LN10));
  let deviations = Math.cbrt(target / 0.070566) / 2;
  for (let step = 0; step < 30; step++)
    deviations -= (slope(deviations) - target) / (1.5976 + 3 * 0.070566 * deviations * deviations);
  return deviations;
}
