/**
 * The forecast of a series. Four methods predict it, and at each distance the one with the smallest errors so
 * far is used: the last value, the value of a season before, and a usual day or a usual week, to which the
 * present level returns slowly.
 *
 * 1. Values have equal distances. A judged prediction uses no later values.
 * 2. A season is known once it was observed. Before that, the last value is expected.
 * 3. Low and high move after each value: down or up, until one in ten is below and one in ten above. So four
 *    in five values are between them, for each distribution.
 * 4. A forecast is below 0 only if a value was.
 */
export interface SeasonalOptions {
  /** Values per season, usually a day. 0 or 1 for no season. */
  readonly season: number;
}

export interface ForecastPoint {
  readonly expected: number;
  readonly low: number;
  readonly high: number;
}

const seasonsPerWeek = 7;
/** Weight of the latest season in the usual one, and of the last value in the level. */
const shares = { day: 0.15, week: 0.3, level: 0.5 } as const;
/** Number of values that errors and weights use. */
const memory = 1_000;
/** Maximum of an error for a weight, in usual errors. */
const errorMost = 4;
/** Another method must have an error below this share of that of the last value. */
const gainLeast = 0.95;
/** The share of values below low, and that above high. */
const outside = 0.1;
/** Step of low and high per value, in usual errors. */
const quantileShare = 0.05;
/** The longest judged distance without a season. */
const distanceMost = 64;

export class SeasonalForecast {
  readonly #season: number;
  readonly #day: Usual;
  /** The difference of a week from the usual day. */
  readonly #week: Usual;
  readonly #distances: readonly Distance[];
  readonly #values: Ring;
  #count = 0;
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
    const at = this.#count;
    for (const distance of this.#distances)
      if (at >= distance.steps)
        distance.judge(value, this.#known(at, at - distance.steps), at >= this.#season + distance.steps);
    this.#least = Math.min(this.#least, value);
    this.#values.add(value);
    this.#week.add(at, value - this.#day.usualAt(at), value - this.#day.usualAt(at) - this.#week.usualAt(at));
    this.#day.add(at, value, value - this.#day.usualAt(at));
    this.#count++;
  }

  /** Returns the next values, from the one after the last. */
  ahead(steps: number): readonly ForecastPoint[] {
    if (this.#count === 0) return Array.from({ length: steps }, () => ({ expected: 0, low: 0, high: 0 }));
    return Array.from({ length: steps }, (_, step) => {
      const distance = this.#distances.find((each) => each.steps > step) ?? this.#distances.at(-1);
      if (distance === undefined) throw new RangeError("expected a distance");
      const { expected, low, high } = distance.predict(this.#known(this.#count + step, this.#count - 1));
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
  /** By the day, and by day and week. */
  readonly usual: readonly [number, number];
  /** Distance of the values from both at that time. */
  readonly levels: readonly [number, number];
}

/** The methods and their errors at one distance. */
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
    const expected = this.#predictions(known)[this.#best] ?? 0;
    return { expected, low: expected + this.#low, high: expected + Math.max(this.#low, this.#high) };
  }

  /** Methods are compared once a season was observed. Before that, the last value is used. */
  judge(value: number, known: Known, isComparable: boolean): void {
    const predictions = this.#predictions(known);
    const off = value - (predictions[this.#best] ?? 0);
    this.#scale += (Math.abs(off) - this.#scale) / Math.min(++this.#judged, memory);
    this.#low += quantileShare * this.#scale * (outside - (off < this.#low ? 1 : 0));
    this.#high += quantileShare * this.#scale * (1 - outside - (off < this.#high ? 1 : 0));
    if (!isComparable) return;
    const share = 1 / Math.min(++this.#compared, memory);
    predictions.forEach((prediction, number) => {
      const error = this.#errors[number] ?? 0;
      this.#errors[number] = error + share * (Math.abs(value - prediction) - error);
    });
    const [last = 0, ...others] = this.#errors;
    const least = Math.min(...others);
    this.#best = least < gainLeast * last ? others.indexOf(least) + 1 : 0;
    known.usual.forEach((usual, number) => {
      this.#weights[number]?.learn(value - usual, known.levels[number] ?? 0, errorMost * this.#scale, share);
    });
  }

  #predictions({ last, season, usual, levels }: Known): readonly number[] {
    const [day, week] = this.#weights;
    return [last, season, usual[0] + day.share * levels[0], usual[1] + week.share * levels[1]];
  }
}

/** The share of a level that remains after a distance: a regression without a constant, from 0 to 1. */
class Weight {
  #product = 0;
  #square = 0;

  get share(): number {
    return this.#square > 0 ? Math.min(1, Math.max(0, this.#product / this.#square)) : 0;
  }

  /** A large deviation has a limited effect. */
  learn(actual: number, level: number, most: number, share: number): void {
    const predicted = this.share * level;
    const off = Math.min(most, Math.max(-most, actual - predicted));
    this.#product += share * (level * (predicted + off) - this.#product);
    this.#square += share * (level * level - this.#square);
  }
}

/** The usual value of each position in a season, and the distance of the latest values from it. */
class Usual {
  readonly levels: Ring;
  readonly #values: Float64Array;
  readonly #counts: Float64Array;
  readonly #share: number;
  #mean = 0;
  #count = 0;

  constructor(length: number, share: number, longest: number) {
    this.#values = new Float64Array(length);
    this.#counts = new Float64Array(length);
    this.#share = share;
    this.levels = new Ring(longest + 1);
  }

  /** A position without observations has the mean of all others. */
  usualAt(at: number): number {
    const place = at % this.#values.length;
    return (this.#counts[place] ?? 0) > 0 ? (this.#values[place] ?? 0) : this.#mean;
  }

  add(at: number, value: number, off: number): void {
    const place = at % this.#values.length;
    const before = this.usualAt(at);
    const count = (this.#counts[place] ?? 0) + 1;
    this.#counts[place] = count;
    this.#values[place] = before + Math.max(this.#share, 1 / count) * (value - before);
    this.#mean += (value - this.#mean) / Math.min(++this.#count, this.#values.length);
    const level = this.levels.at(at - 1);
    this.levels.add(level + shares.level * (off - level));
  }
}

/** The latest values, by their number. 0 if absent. */
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
