/**
 * Arrivals of tasks for a scaler per quarter of an hour, and their forecast from the days before.
 *
 * 1. A forecast needs two observed days. Before that nothing is expected.
 * 2. A stretch that was not observed in full counts as expected. So an owner that did not observe does not
 *    learn that nothing arrives.
 */
import { SeasonalForecast } from "@tutti/planner";

export const stretchMs = 900_000;
const stretchesPerDay = 96;
/** Number of stretches that are forecast when one has ended. */
const aheadMax = 3;

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
  #expected: readonly number[] = [];
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

  /** Returns the expected arrivals per second. 0 before two days are known. */
  expectedPerSec(atMs: number): number {
    if (this.#learned < 2 * stretchesPerDay || this.#stretch === undefined) return 0;
    // Each number is the value in the middle of its stretch. Values in between are interpolated.
    const at = atMs / stretchMs - 0.5 - (this.#stretch - 1);
    const before = Math.min(aheadMax, Math.max(0, Math.floor(at)));
    const current = this.#expected[before] ?? 0;
    const next = this.#expected[before + 1] ?? current;
    return (current + (next - current) * Math.min(1, Math.max(0, at - before))) / (stretchMs / 1_000);
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
    this.#forecast.add(tasks >= 0 ? tasks : (this.#forecast.ahead(1)[0]?.expected ?? 0));
    this.#learned++;
  }

  #expect(last: number): void {
    this.#expected = [last, ...this.#forecast.ahead(aheadMax).map(({ expected }) => expected)];
  }
}
