/**
 * Finds abrupt changes and drifts of a series.
 *
 * 1. At a change, the ranks of later values differ from those of earlier values by more than chance explains at any
 *    place. Ranks are robust against outliers. Correlated values count as fewer values.
 * 2. A daily rhythm is removed first, if the series is long enough and has one.
 * 3. `falseAlarms` bounds the share of quiet series for which a change is reported.
 */
import {
  chanceOf,
  median,
  quantile,
  ranksOf,
  shiftOfRankSum,
  sortedCopy,
  tieCorrection,
} from "./statistics.ts";

export interface Point {
  readonly timeMs: number;
  readonly value: number;
}

export interface Change {
  readonly timeMs: number;
  readonly before: number;
  readonly after: number;
  /** Probability of a change of this size in a quiet series. */
  readonly chance: number;
}

export interface Drift {
  readonly perDay: number;
  /** Change per day, as a share of the median. */
  readonly sharePerDay: number;
  readonly chance: number;
}

export interface ChangeOptions {
  /** Maximum share of quiet series with a reported change. Default: 1 in 1,000. */
  readonly falseAlarms?: number;
  /** Minimum size of a change, as a share of the value before it. Default: 0.2. */
  readonly smallest?: number;
  readonly most?: number;
}

const dayMs = 24 * 3_600_000;
/** Minimum number of points on each side of a change. */
const sideMin = 8;
const rhythmDaysMin = 3;

export function changesOf(points: readonly Point[], options: ChangeOptions = {}): Change[] {
  const { falseAlarms = 0.001, smallest = 0.2, most = 20 } = options;
  const { values } = withoutRhythm(points);
  const found: Change[] = [];
  const search = (from: number, to: number): void => {
    if (found.length >= most) return;
    const at = strongest(values, from, to, falseAlarms);
    if (at === undefined) return;
    const [before, after] = [median(values.slice(from, at.place)), median(values.slice(at.place, to))];
    if (
      Math.abs(after - before) >=
      smallest * Math.max(Math.abs(before), spreadOf(values.slice(from, at.place)))
    )
      found.push({ timeMs: points[at.place]?.timeMs ?? 0, before, after, chance: at.chance });
    search(from, at.place);
    search(at.place, to);
  };
  search(0, values.length);
  return found.sort((one, other) => one.timeMs - other.timeMs);
}

/** Returns a steady rise or fall over the whole series, unless chance explains it. */
export function driftOf(points: readonly Point[], falseAlarms = 0.001): Drift | undefined {
  if (points.length < 2 * sideMin) return undefined;
  const { values } = withoutRhythm(points);
  // Kendall's test on means of at most 60 groups, to limit the number of pairs.
  const grouped = groups(points, values, 60);
  let sum = 0;
  const slopes: number[] = [];
  grouped.forEach((one, index) => {
    for (const other of grouped.slice(index + 1)) {
      sum += Math.sign(other.value - one.value);
      if (other.timeMs > one.timeMs)
        slopes.push(((other.value - one.value) / (other.timeMs - one.timeMs)) * dayMs);
    }
  });
  const n = grouped.length;
  const variance = (n * (n - 1) * (2 * n + 5)) / 18;
  const perDay = median(slopes);
  const trendless = grouped.map(({ timeMs, value }) => value - (perDay * timeMs) / dayMs);
  const chance = chanceOf((sum / Math.sqrt(variance)) * Math.sqrt(independentShare(trendless)));
  if (!(chance < falseAlarms)) return undefined;
  const middle = Math.abs(median(values));
  return { perDay, sharePerDay: middle === 0 ? 0 : perDay / middle, chance };
}

function groups(points: readonly Point[], values: readonly number[], most: number): Point[] {
  const size = Math.ceil(values.length / most);
  const grouped: Point[] = [];
  for (let from = 0; from < values.length; from += size) {
    const part = values.slice(from, from + size);
    const timeMs = points[from + Math.floor(part.length / 2)]?.timeMs ?? 0;
    grouped.push({ timeMs, value: part.reduce((sum, value) => sum + value, 0) / part.length });
  }
  return grouped;
}

/** Returns the place of the greatest change in a part, if chance does not explain it. */
function strongest(
  values: readonly number[],
  from: number,
  to: number,
  falseAlarms: number,
): { place: number; chance: number } | undefined {
  const length = to - from;
  if (length < 2 * sideMin) return undefined;
  const ranks = ranksOf(values.slice(from, to));
  const ties = tieCorrection(ranks);
  const total = (length * (length + 1)) / 2;
  let before = 0;
  let [place, shift] = [0, 0];
  for (let n = 1; n <= length - sideMin; n++) {
    before += ranks[n - 1] ?? 0;
    if (n < sideMin) continue;
    const here = shiftOfRankSum(total - before, n, length - n, ties);
    if (Math.abs(here) > Math.abs(shift)) [place, shift] = [n, here];
  }
  const sides = [ranks.slice(0, place), ranks.slice(place)].flatMap((side) => {
    const middle = median(side);
    return side.map((rank) => rank - middle);
  });
  // Tests at neighbouring places are nearly the same, so only the logarithm of their number counts.
  const tests = 4 * Math.log(length);
  const chance = Math.min(1, tests * chanceOf(shift * Math.sqrt(independentShare(sides))));
  return chance < falseAlarms ? { place: from + place, chance } : undefined;
}

/** Returns the share of independent values. It is smaller if each value is similar to the previous one. */
function independentShare(values: readonly number[]): number {
  const mean = values.reduce((sum, value) => sum + value, 0) / values.length;
  let [product, square] = [0, 0];
  values.forEach((value, index) => {
    square += (value - mean) ** 2;
    if (index > 0) product += (value - mean) * ((values[index - 1] ?? 0) - mean);
  });
  const likeness = square === 0 ? 0 : Math.max(0, product / square);
  return (1 - likeness) / (1 + likeness);
}

function spreadOf(values: readonly number[]): number {
  const sorted = sortedCopy(values);
  return quantile(sorted, 0.75) - quantile(sorted, 0.25);
}

/** Returns the values without their daily rhythm, if days are similar. */
export function withoutRhythm(points: readonly Point[]): { values: number[]; hasRhythm: boolean } {
  const values = points.map(({ value }) => value);
  const spanMs = (points.at(-1)?.timeMs ?? 0) - (points[0]?.timeMs ?? 0);
  if (spanMs < rhythmDaysMin * dayMs) return { values, hasRhythm: false };
  const hourOf = (timeMs: number) => Math.floor((timeMs % dayMs) / 3_600_000);
  const hours = new Map<number, number[]>();
  points.forEach(({ timeMs, value }) => {
    const hour = hourOf(timeMs);
    hours.set(hour, [...(hours.get(hour) ?? []), value]);
  });
  const middles = new Map([...hours].map(([hour, list]) => [hour, median(list)]));
  const middle = median(values);
  const rest = points.map(({ timeMs, value }) => value - (middles.get(hourOf(timeMs)) ?? middle) + middle);
  // Medians of hours also differ for noise. Only a rhythm removes more than a third of the spread.
  const hasRhythm = spreadOf(rest) < spreadOf(values) * 0.67;
  return { values: hasRhythm ? rest : values, hasRhythm };
}
