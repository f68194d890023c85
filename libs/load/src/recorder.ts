/**
 * Records the outcome of each start.
 *
 * 1. Latencies count from the due time of a start. They include a wait for this process or for the platform, so that a
 *    slow platform cannot hide behind a slow load.
 * 2. Each measured start ends in exactly one way: completed, error or dropped.
 * 3. Memory does not grow with the duration: there are histograms, and time slices that are merged above a maximum.
 */
import { assert } from "@tutti/kernel";
import { Histogram } from "./histogram.ts";

/** Summary of all measured starts, or of one item. */
export interface Summary {
  readonly due: number;
  readonly completed: number;
  readonly errors: number;
  readonly dropped: number;
  /** Share of the starts that were not dropped. */
  readonly errorShare: number;
  /** Completed per second of the measured phases. */
  readonly endedPerS: number;
  /** Time until the platform acknowledged the start. */
  readonly start: Histogram;
  /** Time until the run ended. */
  readonly run: Histogram;
}

/** A time slice with all starts, including starts that are not measured. */
export interface Slice {
  readonly fromMs: number;
  readonly due: number;
  readonly completed: number;
  readonly failed: number;
  readonly runP50Ms: number;
  readonly runP99Ms: number;
}

export interface FailureCount {
  /** Code of the error, or the state of the ended run. */
  readonly code: string;
  readonly message: string;
  readonly count: number;
}

class Tally {
  readonly start = new Histogram();
  readonly run = new Histogram();
  due = 0;
  completed = 0;
  errors = 0;
  dropped = 0;

  summary(measuredMs: number): Summary {
    const { due, completed, errors, dropped, start, run } = this;
    const attempted = completed + errors;
    return {
      due,
      completed,
      errors,
      dropped,
      start,
      run,
      errorShare: attempted === 0 ? 0 : errors / attempted,
      endedPerS: measuredMs === 0 ? 0 : completed / (measuredMs / 1000),
    };
  }
}

interface SliceTotals {
  due: number;
  completed: number;
  failed: number;
  readonly runs: number[];
}

function emptyTotals(): SliceTotals {
  return { due: 0, completed: 0, failed: 0, runs: [] };
}

/** Maximum of slices, enough for a chart. */
const slicesMax = 200;
const failuresMax = 20;
/** Maximum of run times that a slice keeps for its quantiles. Further ones replace earlier ones at even distances. */
const runsMax = 2_000;

export class Recorder {
  readonly #total = new Tally();
  readonly #items = new Map<string, Tally>();
  readonly #failures = new Map<string, { readonly message: string; count: number }>();
  readonly #sliceMs: number;
  readonly #slices: SliceTotals[] = [];
  readonly #lag = new Histogram();

  /** @param durationMs of all phases together */
  constructor(items: readonly string[], durationMs: number) {
    for (const item of items) this.#items.set(item, new Tally());
    this.#sliceMs = Math.max(1_000, Math.ceil(durationMs / slicesMax / 1_000) * 1_000);
  }

  /** Records a due start. `lagMs` is the delay of this process. */
  due(start: Start, lagMs: number): void {
    this.#slice(start.atMs).due += 1;
    this.#lag.record(lagMs);
    this.#each(start, (tally) => (tally.due += 1));
  }

  /** Records a start that was dropped because too many runs were active. */
  dropped(start: Start): void {
    this.#each(start, (tally) => (tally.dropped += 1));
  }

  acknowledged(start: Start, nowMs: number): void {
    this.#each(start, (tally) => tally.start.record(nowMs - start.atMs));
  }

  completed(start: Start, nowMs: number): void {
    const slice = this.#slice(nowMs);
    const durationMs = nowMs - start.atMs;
    if (slice.runs.length < runsMax) slice.runs.push(durationMs);
    else slice.runs[slice.completed % runsMax] = durationMs;
    slice.completed += 1;
    this.#each(start, (tally) => {
      tally.completed += 1;
      tally.run.record(durationMs);
    });
  }

  failed(start: Start, nowMs: number, { code, message }: Pick<FailureCount, "code" | "message">): void {
    this.#slice(nowMs).failed += 1;
    this.#each(start, (tally) => (tally.errors += 1));
    if (!start.isMeasured) return;
    const known = this.#failures.get(code);
    if (known !== undefined) known.count += 1;
    else if (this.#failures.size < failuresMax) this.#failures.set(code, { message, count: 1 });
  }

  /** Delays of this process with its starts. */
  get lag(): Histogram {
    return this.#lag;
  }

  /** @param measuredMs of the measured phases together */
  total(measuredMs: number): Summary {
    const summary = this.#total.summary(measuredMs);
    const { due, completed, errors, dropped } = summary;
    assert(due === completed + errors + dropped, "each start has exactly one outcome", { due, completed });
    return summary;
  }

  items(measuredMs: number): ReadonlyMap<string, Summary> {
    return new Map([...this.#items].map(([name, tally]) => [name, tally.summary(measuredMs)]));
  }

  get failures(): readonly FailureCount[] {
    return [...this.#failures]
      .map(([code, { message, count }]) => ({ code, message, count }))
      .sort((one, other) => other.count - one.count);
  }

  get slices(): readonly Slice[] {
    return this.#slices.map(({ due, completed, failed, runs }, at) => {
      const sorted = [...runs].sort((one, other) => one - other);
      const quantile = (share: number): number =>
        sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)] ?? 0;
      const fromMs = at * this.#sliceMs;
      return { fromMs, due, completed, failed, runP50Ms: quantile(0.5), runP99Ms: quantile(0.99) };
    });
  }

  #each({ item, isMeasured }: Start, change: (tally: Tally) => void): void {
    if (!isMeasured) return;
    change(this.#total);
    const tally = this.#items.get(item);
    assert(tally !== undefined, "an item is known", { item });
    change(tally);
  }

  #slice(atMs: number): SliceTotals {
    const at = Math.max(0, Math.floor(atMs / this.#sliceMs));
    while (this.#slices.length < at) this.#slices.push(emptyTotals());
    const known = this.#slices[at] ?? emptyTotals();
    this.#slices[at] = known;
    return known;
  }
}

/** A start of the load. */
export interface Start {
  readonly number: number;
  readonly item: string;
  /** When it was due, milliseconds since the start of the scenario. */
  readonly atMs: number;
  readonly isMeasured: boolean;
}
