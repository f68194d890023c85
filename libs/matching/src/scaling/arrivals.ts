/**
 * Arrivals of tasks for a scaler per quarter of an hour, and their forecast from the days before.
 *
 * 1. A forecast needs two observed days. Before that nothing is expected.
 * 2. A stretch that was not observed in full counts as expected. So an owner that did not observe does not
 *    learn that nothing arrives.
 * 3. The forecast is used while its error over the last day is below that of the last stretch. A scaler without a
 *    forecast sees about that. After that, it is used again when its error is a tenth lower.
 */
import { type ForecastPoint, SeasonalForecast } from "@tutti/planner";

export const stretchMs = 900_000;
const stretchSec = stretchMs / 1_000;
const stretchesPerDay = 96;
const stretchesNeeded = 2 * stretchesPerDay;
/** Number of stretches that are forecast when one has ended. */
const aheadMax = 3;
/** Maximum error of a forecast, in errors of the last stretch: to be used again, and to stay in use. */
const errorMost = { again: 0.9, still: 1 } as const;

export interface PastArrivals {
  /** The number of the first stretch, counted from the epoch. */
  readonly firstStretch: number;
  /** Below 0 if not observed. */
  readonly arrivals: readonly number[];
}

export interface StretchArrivals {
  readonly stretch: number;
  readonly tasks: number;
}

/** A forecast of arrivals, with its errors over the last day. Rates are tasks per second. */
export interface ArrivalForecast {
  /** Time that is observed, up to the two days that a forecast needs. */
  readonly observedMs: number;
  readonly neededMs: number;
  readonly expectedPerSec: number;
  /** One in ten is lower, and one in ten is higher. */
  readonly lowPerSec: number;
  readonly highPerSec: number;
  readonly meanPerSec: number;
  /** Mean error a stretch ahead. */
  readonly errorPerSec: number;
  /** The same error if each stretch is expected to be like the one before. */
  readonly reactiveErrorPerSec: number;
  readonly isUsed: boolean;
}

export class Arrivals {
  readonly #forecast = new SeasonalForecast({ season: stretchesPerDay });
  readonly #observed: StretchArrivals[] = [];
  /** The present stretch. Undefined before the first observation. */
  #stretch: number | undefined;
  #tasks = 0;
  /** Arrivals of the present stretch that another owner has counted and stored. */
  #before = 0;
  /** True if the present stretch was observed from its beginning. */
  #isComplete = true;
  #learned = 0;
  /** The last complete stretch, and the forecast from the present one on. */
  #expected: readonly ForecastPoint[] = [];
  readonly #judge = new Judge();
  readonly #past: PastArrivals;

  constructor(past: PastArrivals = { firstStretch: 0, arrivals: [] }) {
    this.#past = past;
  }

  /** Adds tasks that have arrived. */
  add(tasks: number, nowMs: number): void {
    const stretch = Math.floor(nowMs / stretchMs);
    if (this.#stretch === undefined) this.#start(stretch, nowMs);
    while (this.#stretch !== undefined && this.#stretch < stretch) this.#close(stretch);
    this.#tasks += tasks;
  }

  /**
   * Returns the observations since the last call, with those of the present stretch if it is the last call.
   */
  drainObserved(isLast: boolean): StretchArrivals[] {
    if (isLast && this.#stretch !== undefined && this.#tasks > 0) {
      this.#observed.push({ stretch: this.#stretch, tasks: this.#tasks });
      this.#tasks = 0;
    }
    return this.#observed.splice(0);
  }

  /** Returns the expected arrivals per second that a scaler uses. 0 before two days are known, and if it falls back. */
  expectedPerSec(atMs: number): number {
    return this.#isKnown && this.#judge.isUsed ? this.#at(atMs, "expected") : 0;
  }

  forecast(atMs: number): ArrivalForecast {
    return {
      observedMs: Math.min(this.#learned, stretchesNeeded) * stretchMs,
      neededMs: stretchesNeeded * stretchMs,
      expectedPerSec: this.#at(atMs, "expected"),
      lowPerSec: this.#at(atMs, "low"),
      highPerSec: this.#at(atMs, "high"),
      ...this.#judge.errors,
      isUsed: this.#isKnown && this.#judge.isUsed,
    };
  }

  get #isKnown(): boolean {
    return this.#learned >= stretchesNeeded;
  }

  /** Each number is the value in the middle of its stretch. Values in between are interpolated. */
  #at(atMs: number, field: keyof ForecastPoint): number {
    const at = atMs / stretchMs - 0.5 - ((this.#stretch ?? 0) - 1);
    const before = Math.min(aheadMax, Math.max(0, Math.floor(at)));
    const current = this.#expected[before]?.[field] ?? 0;
    const next = this.#expected[before + 1]?.[field] ?? current;
    return (current + (next - current) * Math.min(1, Math.max(0, at - before))) / stretchSec;
  }

  #start(stretch: number, nowMs: number): void {
    const { firstStretch, arrivals } = this.#past;
    const until = firstStretch + arrivals.length;
    // Records that are more than a week old are not used.
    const isRecent = arrivals.length > 0 && until >= stretch - 7 * stretchesPerDay;
    if (isRecent) {
      for (let past = firstStretch; past < stretch; past++) this.#learn(arrivals[past - firstStretch] ?? -1);
      this.#expect(arrivals[stretch - 1 - firstStretch] ?? 0);
    }
    // The previous owner has counted the arrivals of this stretch until the move, and stored them.
    const isContinued = isRecent && until === stretch + 1;
    this.#before = isContinued ? Math.max(0, arrivals.at(-1) ?? 0) : 0;
    this.#isComplete = isContinued || nowMs - stretch * stretchMs < 1_000;
    this.#stretch = stretch;
  }

  #close(now: number): void {
    const stretch = this.#stretch ?? now;
    this.#learn(this.#isComplete ? this.#tasks + this.#before : -1);
    this.#expect(this.#tasks + this.#before);
    if (this.#isComplete) this.#observed.push({ stretch, tasks: this.#tasks });
    this.#tasks = 0;
    this.#before = 0;
    this.#stretch = stretch + 1;
    // If stretches were skipped, they were not observed.
    this.#isComplete = stretch + 1 === now;
  }

  #learn(tasks: number): void {
    const expected = this.#forecast.ahead(1)[0]?.expected ?? 0;
    this.#judge.add(tasks, expected);
    this.#forecast.add(tasks >= 0 ? tasks : expected);
    this.#learned++;
  }

  #expect(last: number): void {
    const point = { expected: last, low: last, high: last };
    this.#expected = [point, ...this.#forecast.ahead(aheadMax)];
  }
}

interface Judged {
  readonly tasks: number;
  readonly error: number;
  readonly reactiveError: number;
}

/** Compares the forecast with the last stretch, over the stretches of the last day that were observed. */
class Judge {
  readonly #judged: (Judged | undefined)[] = [];
  #last: number | undefined;
  #isUsed = false;

  get isUsed(): boolean {
    return this.#isUsed;
  }

  get errors(): { meanPerSec: number; errorPerSec: number; reactiveErrorPerSec: number } {
    const { count, tasks, error, reactiveError } = this.#sums();
    const perSec = (sum: number) => (count === 0 ? 0 : sum / count / stretchSec);
    return {
      meanPerSec: perSec(tasks),
      errorPerSec: perSec(error),
      reactiveErrorPerSec: perSec(reactiveError),
    };
  }

  /** @param tasks below 0 if not observed */
  add(tasks: number, expected: number): void {
    const last = this.#last;
    this.#last = tasks >= 0 ? tasks : undefined;
    this.#judged.push(
      tasks < 0 || last === undefined
        ? undefined
        : { tasks, error: Math.abs(tasks - expected), reactiveError: Math.abs(tasks - last) },
    );
    if (this.#judged.length > stretchesPerDay) this.#judged.shift();
    const { error, reactiveError } = this.#sums();
    this.#isUsed = error < reactiveError * (this.#isUsed ? errorMost.still : errorMost.again);
  }

  #sums(): Judged & { readonly count: number } {
    let [count, tasks, error, reactiveError] = [0, 0, 0, 0];
    for (const each of this.#judged) {
      if (each === undefined) continue;
      count++;
      tasks += each.tasks;
      error += each.error;
      reactiveError += each.reactiveError;
    }
    return { count, tasks, error, reactiveError };
  }
}
