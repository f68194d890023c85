/**
 * How improbable an agent's silence is, by the rhythm in which its signs of life came so far (a phi-accrual failure
 * detector): a level of 3 means that one silence in a thousand is as long, 8 one in a hundred million. So an agent whose
 * heartbeats come evenly is suspect soon, and one on a bad link is not suspect all the time.
 *
 * It is not polled: from the rhythm follows at once after which silence the threshold is reached, and that is
 * when the pool looks again.
 */

/** How many intervals are remembered. Before the first few nothing is concluded. */
const intervalsMax = 64;
const intervalsMin = 5;
/** A rhythm is never taken to be more even than this, as a part of its mean: hosts and networks stall. */
const leastDeviation = 0.25;

export class Suspicion {
  #mean = 0;
  #variance = 0;
  #seen = 0;
  #lastMs = 0;

  /** A heartbeat came. */
  beat(nowMs: number): void {
    const interval = nowMs - this.#lastMs;
    const isFirst = this.#lastMs === 0;
    this.#lastMs = nowMs;
    if (isFirst) return;
    this.#seen = Math.min(this.#seen + 1, intervalsMax);
    const surprise = interval - this.#mean;
    this.#mean += surprise / this.#seen;
    this.#variance += (surprise * (interval - this.#mean) - this.#variance) / this.#seen;
  }

  /** The rhythm was interrupted for a reason that is known: a cut link, another incarnation. What was learned stays. */
  pause(): void {
    this.#lastMs = 0;
  }

  /** After which silence the level reaches a threshold. Undefined while too little was heard to tell. */
  silenceMs(threshold: number): number | undefined {
    if (this.#seen < intervalsMin) return undefined;
    return this.#mean + this.#deviation * deviationsAt(threshold);
  }

  /** Returns the level after a silence. Undefined while too little was heard to tell. */
  level(silenceMs: number): number | undefined {
    if (this.#seen < intervalsMin) return undefined;
    return levelAt((silenceMs - this.#mean) / this.#deviation);
  }

  get #deviation(): number {
    return Math.max(Math.sqrt(this.#variance), leastDeviation * this.#mean, 1);
  }
}

/**
 * How improbable it is that a bell-shaped value is so many deviations above its mean, as a negative power of ten. By a
 * logistic curve, exact to a few percent, and increasing, which is what counts.
 */
function levelAt(deviations: number): number {
  return Math.log1p(Math.exp(slope(deviations))) / Math.LN10;
}

function slope(deviations: number): number {
  return deviations * (1.5976 + 0.070566 * deviations * deviations);
}

/** Returns the inverse of `levelAt`, by Newton's method: it is smooth and has one solution. */
function deviationsAt(level: number): number {
  const wanted = Math.log(Math.expm1(level * Math.LN10));
  let deviations = Math.cbrt(wanted / 0.070566) / 2;
  for (let step = 0; step < 30; step++)
    deviations -= (slope(deviations) - wanted) / (1.5976 + 3 * 0.070566 * deviations * deviations);
  return deviations;
}
