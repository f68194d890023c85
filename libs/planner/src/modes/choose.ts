/** The choice of a mode for a situation, in the form of the contracts: features, candidates, and reasons. */
import { chooserModel, type Judgement, type ModeChooser, type Option } from "./chooser.ts";
import { type EngineDelays, usualDelays } from "./engines.ts";
import { featuresOf } from "./features.ts";
import { type Mode, modes } from "./mode.ts";
import { cutOf, type Prediction, type PredictionLimits, predicted } from "./predict.ts";
import { reasonOf, reasonOfCandidate } from "./reasons.ts";
import type { Situation } from "./situation.ts";
import { balanced, bestOf, scoreOf, type Weights } from "./weights.ts";

export interface ModeCandidate {
  readonly mode: Mode;
  readonly eligible: boolean;
  readonly expectedMs: number;
  readonly highMs: number;
  readonly expectedUse: { readonly timeMs: number; readonly money: number };
  readonly expectedQuality: number;
  readonly score: number;
  readonly reason: string;
}

export interface ModeChoice {
  readonly kind: "mode";
  /** With `predictedMs.MODE`: the expectation for each mode before the learned correction. */
  readonly features: Readonly<Record<string, number>>;
  readonly candidates: readonly ModeCandidate[];
  readonly chosen: number;
  readonly confidence: number;
  readonly explored: boolean;
  readonly fallback: boolean;
  readonly reason: string;
  readonly model: string;
}

export interface ChoiceOutcome {
  readonly realMs: number;
  readonly used: { readonly timeMs: number; readonly money: number };
  readonly quality: number;
  readonly score: number;
}

export interface ModeQuestion {
  /** Absent: balanced. */
  readonly weights?: Weights;
  /** Maximum share of time lost by exploration. 0 for none. Absent: as configured in the chooser. */
  readonly exploration?: number;
  /** Expected loss of explorations that have not ended. */
  readonly underTrialMs?: number;
  /** Modes that cannot be chosen now, with reasons as texts: an engine is down, a mode is not allowed. */
  readonly excluded?: ReadonlyMap<Mode, string>;
  readonly delays?: EngineDelays;
  readonly limits?: PredictionLimits;
  readonly seed?: number;
}

export function chooseMode(
  situation: Situation,
  chooser: ModeChooser,
  question: ModeQuestion = {},
): ModeChoice {
  const { excluded = new Map(), delays = usualDelays, limits, seed } = question;
  const parts = cutOf(situation, delays);
  const predictions = predicted(situation, modes, { delays, parts }, limits, seed);
  const features = {
    ...featuresOf(situation, parts.length),
    ...Object.fromEntries(predictions.map(({ mode, meanMs }) => [`predictedMs.${mode}`, meanMs])),
  };
  const expected = predictions.map((prediction) => expectedOf(prediction, excluded.get(prediction.mode)));
  return chooseAmong(features, expected, chooser, question);
}

/** The expectations for a mode, by the estimator. */
export interface Expected extends Option {
  readonly use: { readonly timeMs: number; readonly money: number };
  /** The engine of the mode and the method of the prediction, as a text. */
  readonly description: string;
}

/** @param features with `predictedMs.MODE` */
export function chooseAmong(
  features: Readonly<Record<string, number>>,
  expected: readonly Expected[],
  chooser: ModeChooser,
  {
    weights = balanced,
    exploration,
    underTrialMs,
  }: Omit<ModeQuestion, "excluded" | "delays" | "limits" | "seed">,
): ModeChoice {
  const judgement = chooser.choose(features, expected, weights, {
    ...(exploration !== undefined && { exploration }),
    ...(underTrialMs !== undefined && { underTrialMs }),
  });
  return {
    kind: "mode",
    features,
    candidates: expected.map((each, at) => candidateOf(each, judgement, at)),
    chosen: judgement.chosen,
    confidence: judgement.confidence,
    explored: judgement.explored,
    fallback: judgement.fallback,
    reason: reasonOf(features, judgement),
    model: chooserModel,
  };
}

/** Returns the expectation. If costs are unknown, the time of agents is the cost. */
function expectedOf(prediction: Prediction, excluded: string | undefined): Expected {
  const { mode, meanMs, highMs, timesMs, busyMs, money, quality, by } = prediction;
  const ineligible = excluded ?? prediction.ineligible;
  return {
    mode,
    meanMs,
    highMs,
    timesMs,
    quality,
    description: reasonOfCandidate(mode, by),
    cost: money > 0 ? money : busyMs,
    use: { timeMs: busyMs, money },
    ...(ineligible === undefined ? {} : { ineligible }),
  };
}

function candidateOf(
  { use, quality, description, ineligible }: Expected,
  { judged }: Judgement,
  at: number,
): ModeCandidate {
  const { mode = "workflow", eligible = false, expectedMs = 0, highMs = 0, score = 0 } = judged[at] ?? {};
  return {
    mode,
    eligible,
    expectedMs,
    highMs,
    score,
    expectedUse: use,
    expectedQuality: quality,
    reason: ineligible ?? description,
  };
}

/** Returns the outcome of a choice, judged against the best expectation at that time. */
export function outcomeOf(
  { candidates }: Pick<ModeChoice, "candidates">,
  real: Omit<ChoiceOutcome, "score">,
  weights: Weights = balanced,
): ChoiceOutcome {
  const figures = (
    timeMs: number,
    used: { readonly timeMs: number; readonly money: number },
    quality: number,
  ) => ({ timeMs, cost: used.money > 0 ? used.money : used.timeMs, quality });
  const best = bestOf(
    candidates
      .filter(({ eligible }) => eligible)
      .map(({ expectedMs, expectedUse, expectedQuality }) =>
        figures(expectedMs, expectedUse, expectedQuality),
      ),
  );
  return { ...real, score: scoreOf(weights, figures(real.realMs, real.used, real.quality), best) };
}

/** A choice and its outcome, as far as a chooser learns from it. */
export interface Lesson {
  /** With `predictedMs.MODE`. */
  readonly features: Readonly<Record<string, number>>;
  readonly mode: Mode;
  /** The expected duration at that time. */
  readonly expectedMs: number;
  /** Expected loss compared with the best mode, because it was explored. */
  readonly lostMs: number;
  readonly realMs: number;
}

/** Returns the expected loss of an explored choice. 0 for others. */
export function expectedLossMs({
  candidates,
  chosen,
  explored,
}: Pick<ModeChoice, "chosen" | "explored"> & {
  readonly candidates: readonly Pick<ModeCandidate, "eligible" | "expectedMs" | "score">[];
}): number {
  if (!explored) return 0;
  const open = candidates.filter(({ eligible }, at) => eligible && at !== chosen);
  const [usual] = open.toSorted((one, other) => other.score - one.score);
  return Math.max(0, (candidates[chosen]?.expectedMs ?? 0) - (usual?.expectedMs ?? 0));
}

/**
 * Learns the outcome of a choice, and the durations of the other modes if the session was replayed
 * (`replay`). An outcome that is learned twice counts twice.
 */
export function learnOutcome(
  chooser: ModeChooser,
  { features, mode, expectedMs, lostMs, realMs }: Lesson,
  replayed: readonly { readonly mode: Mode; readonly simulatedMs: number }[] = [],
): void {
  const predictedMs = (of: Mode) => features[`predictedMs.${of}`] ?? 0;
  chooser.spend(expectedMs, lostMs);
  const predictions = replayed.map((each) => ({ ...each, predictedMs: predictedMs(each.mode) }));
  const used = predictions.find((each) => each.mode === mode);
  if (used === undefined) chooser.learn(features, mode, predictedMs(mode), realMs);
  else chooser.learnReplayed(features, used, predictions, realMs);
}

/** Undefined if nothing was chosen. */
export function lessonOf(choice: ModeChoice, realMs: number): Lesson | undefined {
  const { features, candidates, chosen } = choice;
  const own = candidates[chosen];
  if (own === undefined) return undefined;
  return { features, mode: own.mode, expectedMs: own.expectedMs, lostMs: expectedLossMs(choice), realMs };
}
