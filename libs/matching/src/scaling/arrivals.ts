/**
 * How many tasks come for a scaler, stretch of a quarter of an hour by stretch, and how many will, by the days before.
 *
 * 1. A day is learned once it has been seen twice. Before nothing is foreseen.
 * 2. A stretch of which a part was not seen counts as expected: an owner that looks away does not learn that
 *    nothing comes.
 */
import { SeasonalForecast } from "@tutti/planner";

export const stretchMs = 900_000;
const stretchesPerDay = 96;
/** So many stretches ahead are worked out when one is over. */
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
  readonly #seen: StretchArrivals[] = [];
  /** The stretch of now. Undefined before the first look. */
  #stretch: number | undefined;
  #tasks = 0;
  /** What another owner has counted of the stretch of now, and kept. */
  #before = 0;
  /** Whether the stretch of now was seen from its beginning. */
  #isWhole = true;
  #learned = 0;
  /** The last stretch that is over, and those from now on. */
  #expected: readonly number[] = [];
  readonly #past: PastArrivals;

  constructor(past: PastArrivals = { firstStretch: 0, arrivals: [] }) {
    this.#past = past;
  }

  /** So many more have come by now. */
  add(tasks: number, nowMs: number): void {
    const stretch = Math.floor(nowMs / stretchMs);
    if (this.#stretch === undefined) this.#begin(stretch, nowMs);
    while (this.#stretch !== undefined && this.#stretch < stretch) this.#close(stretch);
    this.#tasks += tasks;
  }

  /** What was seen since this was asked last. Of the stretch of now only if no further look will come. */
  takeSeen(isLast: boolean): StretchArrivals[] {
    if (isLast && this.#stretch !== undefined && this.#tasks > 0) {
      this.#seen.push({ stretch: this.#stretch, tasks: this.#tasks });
      this.#tasks = 0;
    }
    return this.#seen.splice(0);
  }

  /** Returns how many will come per second. 0 while no day is known. */
  expectedPerSec(atMs: number): number {
    if (this.#learned < 2 * stretchesPerDay || this.#stretch === undefined) return 0;
    // Each number is the value in the middle of its stretch, and between two it changes evenly.
    const at = atMs / stretchMs - 0.5 - (this.#stretch - 1);
    const before = Math.min(aheadMax, Math.max(0, Math.floor(at)));
    const one = this.#expected[before] ?? 0;
    const next = this.#expected[before + 1] ?? one;
    return (one + (next - one) * Math.min(1, Math.max(0, at - before))) / (stretchMs / 1_000);
  }

  #begin(stretch: number, nowMs: number): void {
    const { firstStretch, arrivals } = this.#past;
    const until = firstStretch + arrivals.length;
    // More than a week away: what was before says nothing.
    const isNear = arrivals.length > 0 && until >= stretch - 7 * stretchesPerDay;
    if (isNear) {
      for (let one = firstStretch; one < stretch; one++) this.#learn(arrivals[one - firstStretch] ?? -1);
      this.#expect(arrivals[stretch - 1 - firstStretch] ?? 0);
    }
    // Who owned the pool before has counted what came of it until then, and kept that.
    const isKept = isNear && until === stretch + 1;
    this.#before = isKept ? Math.max(0, arrivals.at(-1) ?? 0) : 0;
    this.#isWhole = isKept || nowMs - stretch * stretchMs < 1_000;
    this.#stretch = stretch;
  }

  #close(now: number): void {
    const stretch = this.#stretch ?? now;
    this.#learn(this.#isWhole ? this.#tasks + this.#before : -1);
    this.#expect(this.#tasks + this.#before);
    if (this.#isWhole) this.#seen.push({ stretch, tasks: this.#tasks });
    this.#tasks = 0;
    this.#before = 0;
    this.#stretch = stretch + 1;
    // There was no look for a while: those between were not seen.
    this.#isWhole = stretch + 1 === now;
  }

  #learn(tasks: number): void {
    this.#forecast.add(tasks >= 0 ? tasks : (this.#forecast.ahead(1)[0]?.expected ?? 0));
    this.#learned++;
  }

  #expect(last: number): void {
    this.#expected = [last, ...this.#forecast.ahead(aheadMax).map(({ expected }) => expected)];
  }
}
