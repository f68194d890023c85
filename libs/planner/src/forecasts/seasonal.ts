/**
 * What a series will be. Four ways predict it, and at each distance the way that was off least so far is believed: the last
 * value, the value of a season before (both plain), and a usual day or a usual week, from which the present level returns
 * slowly.
 *
 * 1. Values come at equal distances. Nothing that comes later is used for a prediction that is judged.
 * 2. A season is known once it was seen. Before, the last value is expected.
 * 3. Low and high move after each value: down or up, until one in ten is below and one in ten above. So four in five values are between
 *    them, for each distribution.
 * 4. A forecast is never below 0 if no value was.
 */
export interface SeasonalOptions {
  /** Values per season, usually a day. 0 or 1: there is none. */
  readonly season: number;
}

export interface ForecastPoint {
  readonly expected: number;
  readonly low: number;
  readonly high: number;
}

const seasonsPerWeek = 7;
/** How much of a season the usual one takes over, and how much of the last value the level. */
const shares = { day: 0.15, week: 0.3, level: 0.5 } as const;
/** Values that errors and weights rest on. */
const memory = 1_000;
/** An error counts for a weight as so many usual ones at most. */
const errorMost = 4;
/** A way that is not off less than this share of the last value is not believed instead. */
const gainLeast = 0.95;
/** The share of values below low, and that above high. */
const outside = 0.1;
/** How much of a usual error low and high move with each value. */
const quantileShare = 0.05;
/** The longest distance that is judged if there is no season. */
const distanceMost = 64;

export class SeasonalForecast {
  readonly #season: number;
  readonly #day: Usual;
  /** What a week differs by from the usual day. */
  readonly #week: Usual;
  readonly #distances: readonly Distance[];
  readonly #values: Ring;
  #seen = 0;
  #least = Number.POSITIVE_INFINITY;

  constructor({ season }: SeasonalOptions) {
    this.#season = Math.max(1, Math.floor(season));
    const longest = this.#season > 1 ? this.#season : distanceMost;
    const shorter = Array.from({ length: Math.ceil(Math.log2(longest)) }, (_, at) => 2 ** at);
    this.#distances = [...shorter, longest].map((steps) => new Distance(steps));
    this.#values = new Ring(longest + 1);
    this.#day = new Usual(this.#season, shares.day, longest);
    this.#week = new Usual(this.#season * seasonsPerWeek, shares.week, longest);
  }

  add(value: number): void {
    const at = this.#seen;
    for (const distance of this.#distances)
      if (at >= distance.steps)
        distance.judge(value, this.#known(at, at - distance.steps), at >= this.#season + distance.steps);
    this.#least = Math.min(this.#least, value);
    this.#values.add(value);
    this.#week.add(at, value - this.#day.usualAt(at), value - this.#day.usualAt(at) - this.#week.usualAt(at));
    this.#day.add(at, value, value - this.#day.usualAt(at));
    this.#seen++;
  }

  /** Returns the next values, from the one after the last. */
  ahead(steps: number): readonly ForecastPoint[] {
    if (this.#seen === 0) return Array.from({ length: steps }, () => ({ expected: 0, low: 0, high: 0 }));
    return Array.from({ length: steps }, (_, step) => {
      const distance = this.#distances.find((each) => each.steps > step) ?? this.#distances.at(-1);
      if (distance === undefined) throw new RangeError("expected a distance");
      const { expected, low, high } = distance.predict(this.#known(this.#seen + step, this.#seen - 1));
      return { expected: this.#bounded(expected), low: this.#bounded(low), high: this.#bounded(high) };
    });
  }

  /** The context of a value at `from`. */
  #known(at: number, from: number): Known {
    const last = this.#values.at(from);
    const before = at - Math.ceil((at - from) / this.#season) * this.#season;
    const day = this.#day.usualAt(at);
    return {
      last,
      season: this.#season > 1 && before >= 0 ? this.#values.at(before) : last,
      usual: [day, day + this.#week.usualAt(at)],
      levels: [this.#day.levels.at(from), this.#week.levels.at(from)],
    };
  }

  #bounded(value: number): number {
    return this.#least >= 0 ? Math.max(0, value) : value;
  }
}

interface Known {
  readonly last: number;
  readonly season: number;
  /** By the day, and by the day and the week. */
  readonly usual: readonly [number, number];
  /** How far the values were from each of both at that time. */
  readonly levels: readonly [number, number];
}

/** The ways to predict, and their errors, so many values ahead. */
class Distance {
  readonly steps: number;
  readonly #weights = [new Weight(), new Weight()] as const;
  readonly #errors = new Float64Array(4);
  #best = 0;
  #judged = 0;
  #compared = 0;
  #scale = 0;
  #low = 0;
  #high = 0;

  constructor(steps: number) {
    this.steps = steps;
  }

  predict(known: Known): ForecastPoint {
    const expected = this.#ways(known)[this.#best] ?? 0;
    return { expected, low: expected + this.#low, high: expected + Math.max(this.#low, this.#high) };
  }

  /** Ways are compared once a season was seen. Before, the last value is believed. */
  judge(value: number, known: Known, isComparable: boolean): void {
    const ways = this.#ways(known);
    const off = value - (ways[this.#best] ?? 0);
    this.#scale += (Math.abs(off) - this.#scale) / Math.min(++this.#judged, memory);
    this.#low += quantileShare * this.#scale * (outside - (off < this.#low ? 1 : 0));
    this.#high += quantileShare * this.#scale * (1 - outside - (off < this.#high ? 1 : 0));
    if (!isComparable) return;
    const share = 1 / Math.min(++this.#compared, memory);
    ways.forEach((way, number) => {
      const error = this.#errors[number] ?? 0;
      this.#errors[number] = error + share * (Math.abs(value - way) - error);
    });
    const [last = 0, ...others] = this.#errors;
    const least = Math.min(...others);
    this.#best = least < gainLeast * last ? others.indexOf(least) + 1 : 0;
    known.usual.forEach((usual, number) => {
      this.#weights[number]?.learn(value - usual, known.levels[number] ?? 0, errorMost * this.#scale, share);
    });
  }

  #ways({ last, season, usual, levels }: Known): readonly number[] {
    const [day, week] = this.#weights;
    return [last, season, usual[0] + day.share * levels[0], usual[1] + week.share * levels[1]];
  }
}

/** How much of a level is left after a distance: a regression without a constant, from 0 to 1. */
class Weight {
  #product = 0;
  #square = 0;

  get share(): number {
    return this.#square > 0 ? Math.min(1, Math.max(0, this.#product / this.#square)) : 0;
  }

  /** A value that is far off moves little. */
  learn(came: number, level: number, most: number, share: number): void {
    const predicted = this.share * level;
    const off = Math.min(most, Math.max(-most, came - predicted));
    this.#product += share * (level * (predicted + off) - this.#product);
    this.#square += share * (level * level - this.#square);
  }
}

/** The usual value of each place in a season, and how far the latest values were from it. */
class Usual {
  readonly levels: Ring;
  readonly #values: Float64Array;
  readonly #seen: Float64Array;
  readonly #share: number;
  #mean = 0;
  #count = 0;

  constructor(length: number, share: number, longest: number) {
    this.#values = new Float64Array(length);
    this.#seen = new Float64Array(length);
    this.#share = share;
    this.levels = new Ring(longest + 1);
  }

  /** A place that was never seen is like all others. */
  usualAt(at: number): number {
    const place = at % this.#values.length;
    return (this.#seen[place] ?? 0) > 0 ? (this.#values[place] ?? 0) : this.#mean;
  }

  add(at: number, value: number, off: number): void {
    const place = at % this.#values.length;
    const before = this.usualAt(at);
    const seen = (this.#seen[place] ?? 0) + 1;
    this.#seen[place] = seen;
    this.#values[place] = before + Math.max(this.#share, 1 / seen) * (value - before);
    this.#mean += (value - this.#mean) / Math.min(++this.#count, this.#values.length);
    const level = this.levels.at(at - 1);
    this.levels.add(level + shares.level * (off - level));
  }
}

/** The latest values, by their number. 0 where there is none. */
class Ring {
  readonly #values: Float64Array;
  #count = 0;

  constructor(length: number) {
    this.#values = new Float64Array(length);
  }

  add(value: number): void {
    this.#values[this.#count % this.#values.length] = value;
    this.#count++;
  }

  at(number: number): number {
    return number < 0 ? 0 : (this.#values[number % this.#values.length] ?? 0);
  }
}
