/**
 * Chooses between modes by their expected results, and learns the errors of these expectations: in general,
 * and for each mode by features of the case (a contextual bandit with shared parameters).
 *
 * 1. A prediction is corrected by learned errors, never replaced: a mode without outcomes is judged by its
 *    prediction.
 * 2. The safe mode is chosen unless another one is better with a minimum probability.
 * 3. A mode that might be better is explored, as long as the total expected loss stays within a share of the
 *    total time.
 * 4. No clock and no randomness, and a choice changes nothing: the knowledge follows from outcomes, in their
 *    order.
 */
import { Regression, type RegressionState } from "../structures/regression.ts";
import { scaled } from "./features.ts";
import { type Mode, modes, safeMode } from "./mode.ts";
import { bestOf, proportion, scoreOf, type Weights } from "./weights.ts";

/** A candidate before it is judged. */
export interface Option {
  readonly mode: Mode;
  /** Why it cannot be chosen, as a text. */
  readonly ineligible?: string;
  readonly meanMs: number;
  readonly highMs: number;
  /** Duration in each simulated case, the same cases for all modes. Absent if there were none. */
  readonly timesMs?: readonly number[];
  readonly cost: number;
  readonly quality: number;
}

export interface Judged {
  readonly mode: Mode;
  readonly eligible: boolean;
  /** With the learned correction. */
  readonly expectedMs: number;
  readonly highMs: number;
  readonly score: number;
}

export interface Judgement {
  readonly judged: readonly Judged[];
  readonly chosen: number;
  /** 0 to 1: the probability that no other mode is better by more than a little. */
  readonly confidence: number;
  readonly explored: boolean;
  readonly fallback: boolean;
}

/** Bounds of exploration. */
export interface Trying {
  /** Maximum share of the total time. 0 for no exploration. */
  readonly exploration?: number;
  /** Expected loss of explorations that have not ended. */
  readonly underTrialMs?: number;
}

export interface ChooserSettings {
  /** Maximum share of the total time that may be lost by exploration. */
  readonly exploration: number;
  /** Number of deviations that count in favour of an explored mode. */
  readonly optimism: number;
  /** Minimum probability that another mode is better than the safe one. */
  readonly confidenceLeast: number;
}

const usualChooserSettings: ChooserSettings = { exploration: 0.05, optimism: 1, confidenceLeast: 0.6 };

/** The state of a chooser. An unknown version is ignored: the chooser starts empty. */
export interface ChooserState {
  readonly version: 1;
  readonly regression: RegressionState;
  readonly outcomes: number;
  /** Expected time of all choices with a reported outcome, and the expected loss by exploration. */
  readonly totalMs: number;
  readonly lostMs: number;
}

export const chooserModel = "modes/1";

/** One weight for the whole, and one for each feature. */
const blockSize = 1 + scaled({}).length;
/** Deviation of the logarithm of a duration that features do not explain. */
const noise = 0.2;
/** Prior deviations of predictions: for all modes together, and for one mode. In general, and per feature. */
const beliefs = { all: 0.4, allByFeature: 0.15, mode: 0.2, modeByFeature: 0.16 } as const;
/** Precision of the learned differences between modes. */
const coarse = 0.1;
/** A smaller difference counts as equal. */
const alike = 0.02;
/** A smaller uncertainty is not explored. */
const unsureLeast = 0.06;
/** Maximum share of its time that one session may lose by exploration. */
const lossMost = 0.4;
/** A prediction that is off by more than a factor of twenty shows a mishap, not the mode. */
const furthest = 3;

export class ModeChooser {
  readonly #settings: ChooserSettings;
  readonly #regression: Regression;
  #outcomes: number;
  #totalMs: number;
  #lostMs: number;

  constructor(settings: Partial<ChooserSettings> = {}, state?: ChooserState) {
    this.#settings = { ...usualChooserSettings, ...settings };
    const known = state?.version === 1 ? state : undefined;
    this.#regression = new Regression(blockSize * (1 + modes.length), known?.regression);
    this.#outcomes = known?.outcomes ?? 0;
    this.#totalMs = known?.totalMs ?? 0;
    this.#lostMs = known?.lostMs ?? 0;
  }

  /** Number of learned outcomes. */
  get outcomes(): number {
    return this.#outcomes;
  }

  choose(
    features: Readonly<Record<string, number>>,
    options: readonly Option[],
    weights: Weights,
    { exploration = this.#settings.exploration, underTrialMs = 0 }: Trying = {},
  ): Judgement {
    const rows = options.map(({ mode }) => rowOf(features, mode));
    const judged = this.#judged(options, rows, weights);
    const open = [...judged.keys()].filter((at) => judged[at]?.eligible === true);
    const score = (at: number) => judged[at]?.score ?? 0;
    const best = open.reduce((one, other) => (score(other) > score(one) ? other : one), open[0] ?? 0);
    const safe = open.find((at) => options[at]?.mode === safeMode) ?? best;
    const share = proportion(weights).time;
    const unsure = (one: number, other: number) => share * this.#unsure(rows, one, other);
    const better = (one: number, other: number, margin: number) => {
      // The few simulated cases are uncertain too, but exploring the mode would not improve that.
      const error = share * errorOf(options[one]?.timesMs ?? [], options[other]?.timesMs ?? []);
      return shareAbove(gainOf(judged, one, other) + margin, Math.hypot(unsure(one, other), error));
    };
    const fallback = best !== safe && better(best, safe, 0) < this.#settings.confidenceLeast;
    const usual = fallback ? safe : best;
    const affordable = (usualMs: number) =>
      exploration * (this.#totalMs + usualMs) - this.#lostMs - underTrialMs;
    const exploredOption =
      exploration > 0 ? this.#explore(judged, unsure, open, usual, affordable) : undefined;
    const chosen = exploredOption ?? usual;
    return {
      judged,
      chosen,
      confidence: Math.min(1, ...open.filter((at) => at !== chosen).map((at) => better(chosen, at, alike))),
      explored: exploredOption !== undefined,
      fallback: fallback && exploredOption === undefined,
    };
  }

  /** Counts the expected duration of an ended choice, and its expected loss by exploration. */
  spend(expectedMs: number, lostMs: number): void {
    this.#totalMs += expectedMs;
    this.#lostMs += lostMs;
  }

  /** Learns an outcome. `predictedMs` is the expectation for the mode before the learned correction. */
  learn(features: Readonly<Record<string, number>>, mode: Mode, predictedMs: number, realMs: number): void {
    if (!(predictedMs > 0) || !(realMs > 0)) return;
    this.#outcomes++;
    this.#learnRow(rowOf(features, mode), Math.log(realMs / predictedMs));
  }

  /**
   * Learns from a session that was replayed with the real durations of its tasks. The difference between the replay of
   * the used mode and its prediction comes from the durations, and all modes share it. The difference between the real
   * session and that replay belongs to the used mode. Other modes learn from their difference to it.
   */
  learnReplayed(
    features: Readonly<Record<string, number>>,
    used: Replayed,
    others: readonly Replayed[],
    realMs: number,
  ): void {
    const own = offOf(used);
    if (own === undefined || !(realMs > 0)) return;
    this.#outcomes++;
    this.#learnRow(rowOf(features, undefined), own);
    const ownRow = rowOf(features, used.mode).map((value, at) => (at < blockSize ? 0 : value));
    this.#learnRow(ownRow, Math.log(realMs / used.simulatedMs));
    for (const other of others) {
      const off = offOf(other);
      if (off === undefined || other.mode === used.mode) continue;
      const difference = rowOf(features, other.mode).map((value, at) =>
        at < blockSize ? 0 : value - (ownRow[at] ?? 0),
      );
      this.#learnRow(difference, off - own);
    }
  }

  snapshot(): ChooserState {
    return {
      version: 1,
      regression: this.#regression.snapshot(),
      outcomes: this.#outcomes,
      totalMs: this.#totalMs,
      lostMs: this.#lostMs,
    };
  }

  #learnRow(row: Float64Array, off: number): void {
    this.#regression.learn(row, Math.max(-furthest, Math.min(furthest, off)) / noise);
  }

  #judged(options: readonly Option[], rows: readonly Float64Array[], weights: Weights): readonly Judged[] {
    const learned = rows.map((row) => noise * this.#regression.expected(row));
    const isOpen = (at: number) => options[at]?.ineligible === undefined;
    const least = (one: number, other: number) =>
      (options[other]?.meanMs ?? 0) < (options[one]?.meanMs ?? 0) ? other : one;
    const anchor = [...options.keys()].filter(isOpen).reduce(
      least,
      options.findIndex((_, at) => isOpen(at)),
    );
    const corrected = options.map(({ meanMs, highMs, ineligible }, at) => {
      const base = learned[anchor] ?? 0;
      const factor = Math.exp(base + believed((learned[at] ?? 0) - base));
      return { expectedMs: meanMs * factor, highMs: highMs * factor, eligible: ineligible === undefined };
    });
    const figures = options.map(({ cost, quality }, at) => ({
      timeMs: corrected[at]?.expectedMs ?? 0,
      cost,
      quality,
    }));
    const best = bestOf(figures.filter((_, at) => corrected[at]?.eligible === true));
    return options.map(({ mode }, at) => {
      const { expectedMs = 0, highMs = 0, eligible = false } = corrected[at] ?? {};
      const own = figures[at];
      const score = eligible && own !== undefined ? scoreOf(weights, own, best) : 0;
      return { mode, eligible, expectedMs, highMs, score };
    });
  }

  /** Returns the uncertainty of the difference between two modes: only their separate parameters count. */
  #unsure(rows: readonly Float64Array[], one: number, other: number): number {
    const difference = (rows[one] ?? new Float64Array()).map((value, at) => value - (rows[other]?.[at] ?? 0));
    return noise * this.#regression.deviation(difference);
  }

  /** Returns the mode that may be better, if its exploration is affordable. */
  #explore(
    judged: readonly Judged[],
    unsure: (one: number, other: number) => number,
    open: readonly number[],
    usual: number,
    affordable: (usualMs: number) => number,
  ): number | undefined {
    let hopeful: number | undefined;
    let most = alike;
    const usualMs = judged[usual]?.expectedMs ?? 0;
    for (const at of open) {
      if (at === usual) continue;
      const unsureBy = unsure(at, usual);
      const hope = gainOf(judged, at, usual) + this.#settings.optimism * unsureBy;
      const lostMs = Math.max(0, (judged[at]?.expectedMs ?? 0) - usualMs);
      const isAffordable = lostMs <= lossMost * usualMs && lostMs <= affordable(usualMs);
      if (unsureBy < unsureLeast || hope <= most || !isAffordable) continue;
      hopeful = at;
      most = hope;
    }
    return hopeful;
  }
}

/**
 * Returns the trusted share of a learned difference between modes. The same drawn cases distinguish modes to
 * a few hundredths. Lessons of sessions that were only similar do not.
 */
function believed(difference: number): number {
  return difference ** 3 / (difference ** 2 + coarse ** 2);
}

/** A mode with its prediction, and its result in the replay of the session. */
export interface Replayed {
  readonly mode: Mode;
  readonly predictedMs: number;
  readonly simulatedMs: number;
}

function offOf({ predictedMs, simulatedMs }: Replayed): number | undefined {
  return predictedMs > 0 && simulatedMs > 0 ? Math.log(simulatedMs / predictedMs) : undefined;
}

/** Returns the error of the mean log ratio, over the cases of both. */
function errorOf(one: readonly number[], other: readonly number[]): number {
  const ratios = one.flatMap((ms, at) =>
    ms > 0 && (other[at] ?? 0) > 0 ? [Math.log(ms / (other[at] ?? 1))] : [],
  );
  if (ratios.length < 2) return 0;
  const mean = ratios.reduce((sum, ratio) => sum + ratio, 0) / ratios.length;
  const squares = ratios.reduce((sum, ratio) => sum + (ratio - mean) ** 2, 0);
  return Math.sqrt(squares / (ratios.length - 1) / ratios.length);
}

function shareAbove(gain: number, deviation: number): number {
  if (deviation > 0) return normalShare(gain / deviation);
  return gain > 0 ? 1 : gain < 0 ? 0 : 0.5;
}

/** Returns the share by which one is better than the other. */
function gainOf(judged: readonly Judged[], one: number, other: number): number {
  const least = 1e-9;
  return Math.log(Math.max(least, judged[one]?.score ?? 0) / Math.max(least, judged[other]?.score ?? 0));
}

/** Returns the common parameters, followed by a block for each mode. In prior deviations over the noise. */
function rowOf(features: Readonly<Record<string, number>>, mode: Mode | undefined): Float64Array {
  const values = scaled(features);
  const row = new Float64Array(blockSize * (1 + modes.length));
  const fill = (from: number, intercept: number, byFeature: number) => {
    row[from] = intercept / noise;
    values.forEach((value, at) => {
      row[from + 1 + at] = (byFeature * value) / noise;
    });
  };
  fill(0, beliefs.all, beliefs.allByFeature);
  if (mode !== undefined) fill(blockSize * (1 + modes.indexOf(mode)), beliefs.mode, beliefs.modeByFeature);
  return row;
}

/** Returns the share of a normal distribution below this many deviations (Abramowitz and Stegun 26.2.17, to 1e-7). */
function normalShare(deviations: number): number {
  const step = 1 / (1 + 0.2316419 * Math.abs(deviations));
  const terms = [0.31938153, -0.356563782, 1.781477937, -1.821255978, 1.330274429];
  const sum = terms.reduceRight((rest, term) => step * (term + rest), 0);
  const above = (Math.exp(-(deviations ** 2) / 2) / Math.sqrt(2 * Math.PI)) * sum;
  return deviations >= 0 ? 1 - above : above;
}
