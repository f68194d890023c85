/**
 * What a series will be: a level, a trend that flattens out, and a season that repeats, each smoothed as values come
 * (Holt and Winters, additive, with a damped trend).
 *
 * 1. Values come at equal distances. A season is learned once it has been seen twice. Before, there is none.
 * 2. How far it was off one step ahead tells how far it may be off: low and high are quantiles 0.1 and 0.9 as if that
 *    were bell-shaped, wider the further ahead.
 * 3. What is forecast is never below 0 where nothing was.
 */
export interface SeasonalOptions {
  /** Values per season. 0 or 1: there is none. */
  readonly season: number;
  /** How much of a deviation the level takes over: 0 to 1. */
  readonly levelShare?: number;
  readonly trendShare?: number;
  readonly seasonShare?: number;
  /** How much of the trend is left with each step ahead. */
  readonly damping?: number;
}

export interface ForecastPoint {
  readonly expected: number;
  readonly low: number;
  readonly high: number;
}

/** Deviations of the quantile 0.9 of a bell curve. */
const ninthDecile = 1.2816;
const errorMemory = 50;

export class SeasonalForecast {
  readonly #settings: Required<SeasonalOptions>;
  readonly #seasonal: Float64Array;
  readonly #first: number[] = [];
  #level = 0;
  #trend = 0;
  #seen = 0;
  #variance = 0;
  #least = Number.POSITIVE_INFINITY;

  constructor(options: SeasonalOptions) {
    this.#settings = { levelShare: 0.3, trendShare: 0.05, seasonShare: 0.2, damping: 0.98, ...options };
    this.#seasonal = new Float64Array(Math.max(1, Math.floor(options.season)));
  }

  add(value: number): void {
    this.#least = Math.min(this.#least, value);
    if (this.#first.length < 2 * this.#seasonal.length) this.#first.push(value);
    if (this.#seen === 0) this.#level = value;
    this.#smooth(value);
    this.#seen++;
    if (this.#seasonal.length > 1 && this.#seen === 2 * this.#seasonal.length) this.#begin();
  }

  /** Returns the next values, from the one after the last. */
  ahead(steps: number): readonly ForecastPoint[] {
    const { damping } = this.#settings;
    let trend = 0;
    return Array.from({ length: steps }, (_, step) => {
      trend += this.#trend * damping ** (step + 1);
      const expected = this.#bounded(this.#level + trend + this.#season(this.#seen + step));
      const off = ninthDecile * Math.sqrt(this.#variance * (1 + step * this.#settings.levelShare ** 2));
      return { expected, low: this.#bounded(expected - off), high: expected + off };
    });
  }

  #smooth(value: number): void {
    const { levelShare, trendShare, seasonShare, damping } = this.#settings;
    const at = this.#seen % this.#seasonal.length;
    const season = this.#season(this.#seen);
    const before = this.#level;
    const carried = before + damping * this.#trend;
    const error = value - carried - season;
    if (this.#seen > 0)
      this.#variance += (error * error - this.#variance) / Math.min(this.#seen, errorMemory);
    this.#level = carried + levelShare * error;
    this.#trend = damping * this.#trend + trendShare * (this.#level - carried);
    if (this.#isSeasonKnown()) this.#seasonal[at] = season + seasonShare * (value - this.#level - season);
  }

  /** From two seasons: their means give level and trend, and the remainders the season. */
  #begin(): void {
    const length = this.#seasonal.length;
    const mean = (from: number) =>
      this.#first.slice(from, from + length).reduce((sum, each) => sum + each / length, 0);
    const [one, other] = [mean(0), mean(length)];
    this.#trend = (other - one) / length;
    this.#level = other + (this.#trend * (length - 1)) / 2;
    for (let at = 0; at < length; at++) {
      const drift = this.#trend * (at - (length - 1) / 2);
      const [early = 0, late = 0] = [this.#first[at], this.#first[at + length]];
      this.#seasonal[at] = (early - one - drift + late - other - drift) / 2;
    }
    this.#variance /= 4;
  }

  #season(number: number): number {
    return this.#isSeasonKnown() ? (this.#seasonal[number % this.#seasonal.length] ?? 0) : 0;
  }

  #isSeasonKnown(): boolean {
    return this.#seasonal.length > 1 && this.#seen >= 2 * this.#seasonal.length;
  }

  #bounded(value: number): number {
    return this.#least >= 0 ? Math.max(0, value) : value;
  }
}
