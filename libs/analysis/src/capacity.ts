/**
 * Forecasts the slots that a pool needs, and the time at which a disk is full. Each forecast is first tested on the
 * past: each day is forecast from the days before it, and the error is part of the result.
 *
 * 1. Load is the mean number of busy slots in ten minutes. An hour counts by its busiest ten minutes.
 * 2. A future hour is like the same hour of the week in the last four weeks. With data of less than a week, it is like
 *    the same hour of the day.
 * 3. Slots follow from the Erlang C formula: tasks arrive at random within ten minutes.
 */
import { median, quantile, sortedCopy } from "./statistics.ts";

/** Ten minutes of a pool. */
export interface LoadFact {
  readonly timeMs: number;
  /** Tasks that became ready. */
  readonly starts: number;
  /** Total time that agents held them. */
  readonly heldMs: number;
}

export interface BackTest {
  /** Days that were forecast from the days before. */
  readonly days: number;
  /** Median of the absolute errors, as a share of the actual values. */
  readonly error: number;
  /** Share of the days whose value was within the interval. */
  readonly within: number;
}

interface Interval {
  readonly low: number;
  readonly expected: number;
  readonly high: number;
}

export interface LoadForecast {
  /** The busiest hour. */
  readonly peakTimeMs: number;
  /** Busy slots in its busiest ten minutes. */
  readonly load: Interval;
  readonly startsPerSec: number;
  readonly heldMs: number;
  readonly backTest: BackTest;
}

export interface DiskForecast {
  readonly perDay: number;
  /** Undefined if the disk is not expected to be full. */
  readonly fullTimeMs: number | undefined;
  readonly earliestMs: number | undefined;
  readonly latestMs: number | undefined;
  readonly backTest: BackTest;
}

export interface FreePoint {
  readonly timeMs: number;
  readonly free: number;
}

export const loadStepMs = 600_000;
const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
const weekMs = 7 * dayMs;
const weeksMax = 4;
const backTestDaysMax = 28;
/** With fewer tested days, the interval is `widest`. */
const testedDaysMin = 3;
const widest = { low: 0.5, high: 2 };
const slotsMax = 100_000;
const horizonMs = 10 * 365 * dayMs;

/** Returns the least number of slots with which at most this share of tasks waits longer than the target. */
export function slotsFor(load: number, heldMs: number, targetMs: number, lateShare = 0.01): number {
  if (load <= 0 || heldMs <= 0) return 0;
  // Erlang B by recursion: the probability that all slots are busy if tasks could not wait.
  let busy = 1;
  for (let slots = 1; slots <= slotsMax; slots++) {
    busy = (load * busy) / (slots + load * busy);
    if (slots <= load) continue;
    const waits = busy / (1 - (load / slots) * (1 - busy));
    if (waits * Math.exp((-(slots - load) * targetMs) / heldMs) <= lateShare) return slots;
  }
  return slotsMax;
}

interface Hour {
  readonly timeMs: number;
  readonly load: number;
  readonly starts: number;
  readonly heldMs: number;
}

/** Forecasts the load. Undefined without past work. */
export function loadForecast(
  facts: readonly LoadFact[],
  from: { readonly nowMs: number; readonly fromMs: number; readonly toMs: number },
): LoadForecast | undefined {
  const hours = hoursOf(facts.filter(({ timeMs }) => timeMs < from.nowMs));
  const [first] = hours.values();
  if (first === undefined) return undefined;
  const today = Math.floor(from.nowMs / dayMs) * dayMs;
  const ratios: number[] = [];
  for (let day = today - backTestDaysMax * dayMs; day < today; day += dayMs) {
    if (day - first.timeMs < dayMs) continue;
    const expected = busiest(hours, day, day + dayMs, day)?.load ?? 0;
    const actual = Math.max(0, ...hoursIn(hours, day, day + dayMs).map(({ load }) => load));
    if (expected > 0 && actual > 0) ratios.push(actual / expected);
  }
  const peak = busiest(hours, from.fromMs, from.toMs, from.nowMs);
  if (peak === undefined) return undefined;
  const { low, high } = spreadOf(ratios);
  return {
    peakTimeMs: peak.timeMs,
    load: { low: peak.load * low, expected: peak.load, high: peak.load * high },
    startsPerSec: peak.starts / (loadStepMs / 1_000),
    heldMs: peak.heldMs,
    backTest: {
      days: ratios.length,
      error: ratios.length === 0 ? 0 : median(ratios.map((ratio) => Math.abs(1 / ratio - 1))),
      within: shareWithin(ratios),
    },
  };
}

function hoursOf(facts: readonly LoadFact[]): ReadonlyMap<number, Hour> {
  const hours = new Map<number, Hour>();
  for (const { timeMs, starts, heldMs } of facts.toSorted((one, other) => one.timeMs - other.timeMs)) {
    const hour = Math.floor(timeMs / hourMs) * hourMs;
    const load = heldMs / loadStepMs;
    const before = hours.get(hour);
    if (starts > 0 && (before === undefined || before.load < load))
      hours.set(hour, { timeMs: hour, load, starts, heldMs: heldMs / starts });
  }
  return hours;
}

function hoursIn(hours: ReadonlyMap<number, Hour>, fromMs: number, toMs: number): Hour[] {
  return [...hours.values()].filter(({ timeMs }) => timeMs >= fromMs && timeMs < toMs);
}

/** Returns the hour with the greatest expected load, from the data known at a time. */
function busiest(
  hours: ReadonlyMap<number, Hour>,
  fromMs: number,
  toMs: number,
  knownMs: number,
): Hour | undefined {
  let found: Hour | undefined;
  for (let at = Math.floor(fromMs / hourMs) * hourMs; at < toMs; at += hourMs) {
    const hour = expectedAt(hours, at, knownMs);
    if (hour !== undefined && (found === undefined || hour.load > found.load)) found = hour;
  }
  return found;
}

function expectedAt(hours: ReadonlyMap<number, Hour>, at: number, knownMs: number): Hour | undefined {
  const [first] = hours.keys();
  if (first === undefined) return undefined;
  const isWeekly = knownMs - first >= weekMs;
  const periodMs = isWeekly ? weekMs : dayMs;
  const alike: (Hour | undefined)[] = [];
  // The last hour of this kind that had ended at that time, and the hours before it.
  for (
    let past = at - Math.ceil((at - knownMs + hourMs) / periodMs) * periodMs;
    past >= first;
    past -= periodMs
  ) {
    if (alike.length >= weeksMax) break;
    alike.push(hours.get(past));
  }
  if (alike.length === 0 || alike.every((hour) => hour === undefined)) return undefined;
  const had = alike.filter((hour) => hour !== undefined);
  return {
    timeMs: at,
    load: median(alike.map((hour) => hour?.load ?? 0)),
    starts: median(had.map(({ starts }) => starts)),
    heldMs: median(had.map(({ heldMs }) => heldMs)),
  };
}

function spreadOf(ratios: readonly number[]): { low: number; high: number } {
  if (ratios.length < testedDaysMin) return widest;
  const sorted = sortedCopy(ratios);
  return { low: Math.min(1, quantile(sorted, 0.1)), high: Math.max(1, quantile(sorted, 0.9)) };
}

/** Returns the share within the interval. Each day is compared with the interval of the other days. */
function shareWithin(ratios: readonly number[]): number {
  if (ratios.length === 0) return 0;
  const within = ratios.filter((ratio, at) => {
    const { low, high } = spreadOf(ratios.toSpliced(at, 1));
    return ratio >= low && ratio <= high;
  });
  return within.length / ratios.length;
}

/**
 * Forecasts when free space ends, by the median of all slopes. Undefined with fewer than four steps. A step is a day,
 * or an hour with less than four days of data.
 */
export function diskForecast(points: readonly FreePoint[], nowMs: number): DiskForecast | undefined {
  const spanMs = (points.at(-1)?.timeMs ?? 0) - (points[0]?.timeMs ?? 0);
  const stepMs = spanMs >= 4 * dayMs ? dayMs : hourMs;
  const steps = [...Map.groupBy(points, ({ timeMs }) => Math.floor(timeMs / stepMs))]
    .map(([step, all]) => ({ timeMs: step * stepMs, free: Math.min(...all.map(({ free }) => free)) }))
    .sort((one, other) => one.timeMs - other.timeMs);
  const last = steps.at(-1);
  if (last === undefined || steps.length < 4) return undefined;
  const slopes = slopesOf(steps);
  const full = (slope: number): number | undefined => {
    const inMs = slope < 0 ? last.free / -slope : Number.POSITIVE_INFINITY;
    return inMs > horizonMs ? undefined : nowMs + inMs;
  };
  const errors: { error: number; isWithin: boolean }[] = [];
  for (let at = 3; at < steps.length; at++) {
    const known = steps.slice(0, at);
    const [before, actual] = [known.at(-1), steps[at]];
    if (before === undefined || actual === undefined) continue;
    const slopes = slopesOf(known);
    const inMs = actual.timeMs - before.timeMs;
    const expected = before.free + median(slopes) * inMs;
    const [low, high] = [quantile(slopes, 0.1), quantile(slopes, 0.9)].map(
      (slope) => before.free + slope * inMs,
    );
    const isWithin = actual.free >= (low ?? 0) && actual.free <= (high ?? 0);
    errors.push({ error: Math.abs(expected - actual.free) / Math.max(1, actual.free), isWithin });
  }
  return {
    perDay: median(slopes) * dayMs,
    fullTimeMs: full(median(slopes)),
    earliestMs: full(quantile(slopes, 0.1)),
    latestMs: full(quantile(slopes, 0.9)),
    backTest: {
      days: errors.length,
      error: median(errors.map(({ error }) => error)),
      within: errors.filter(({ isWithin }) => isWithin).length / errors.length,
    },
  };
}

/** Returns the slopes of all pairs, per millisecond, sorted. */
function slopesOf(points: readonly FreePoint[]): number[] {
  return sortedCopy(
    points.flatMap((one, at) =>
      points.slice(at + 1).map((other) => (other.free - one.free) / (other.timeMs - one.timeMs)),
    ),
  );
}
