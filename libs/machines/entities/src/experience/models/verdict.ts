/**
 * Judges a comparison of models.
 *
 * 1. A model is promoted only if it beats the live one, and is no worse than the better baseline.
 * 2. A live model that the better baseline beats is dropped. The best of the others takes its place.
 * 3. A reverted model is not promoted again for some trainings. This prevents oscillation.
 */
import type { CapabilityModel, ModelScore, ModelTraining } from "@tutti/contracts/intelligence/v1";
import type { ReadOnly } from "@tutti/kernel";
import { baselineModels, usualModel } from "@tutti/planner";

/** Minimum share of a difference that counts. */
const gainLeast = 0.1;
/**
 * Threshold over the parts of the history: chance alone exceeds it in 5 of 1,000 comparisons (Student, 9 degrees of
 * freedom).
 */
const deviationsLeast = 3.25;
/** Number of trainings for which a reverted model is not promoted. */
export const quietTrainings = 10;

export interface Verdict {
  readonly change: "none" | "promoted" | "dropped";
  /** The live model after the comparison. */
  readonly live: string;
  readonly finding: string;
}

type Compared = Pick<ReadOnly<ModelTraining>, "scores" | "samples">;

export function liveOf(known: Pick<ReadOnly<CapabilityModel>, "live"> | undefined): string {
  return known?.live || usualModel;
}

export function verdictOf(
  known: Pick<ReadOnly<CapabilityModel>, "live" | "quiet"> | undefined,
  { scores, samples }: Compared,
  number: number,
): Verdict {
  const live = liveOf(known);
  const mine = scores.find(({ model }) => model === live);
  const baseline = bestOf(scores.filter(({ model }) => isBaseline(model)));
  if (mine === undefined || baseline === undefined)
    return { change: "none", live, finding: "The live model was not compared." };
  const candidates = scores.filter(
    ({ model, error }) => model !== live && error <= baseline.error && (known?.quiet[model] ?? 0) <= number,
  );
  const best = bestOf(candidates.filter((each) => beats(each, mine)));
  if (best !== undefined && !isBaseline(best.model))
    return { change: "promoted", live: best.model, finding: comparison(best, mine, samples) };
  if (beats(baseline, mine))
    return { change: "dropped", live: baseline.model, finding: comparison(baseline, mine, samples) };
  return { change: "none", live, finding: `No model beats ${live}.` };
}

/** Returns the objection to a promotion that a user requests. */
export function objection(live: string, requested: string, { scores }: Compared): string | undefined {
  const scoreOf = (model: string) => scores.find((each) => each.model === model);
  const [mine, theirs] = [scoreOf(live), scoreOf(requested)];
  const baseline = bestOf(scores.filter(({ model }) => isBaseline(model)));
  if (theirs === undefined || mine === undefined || baseline === undefined)
    return `expected one of ${scores.map(({ model }) => model).join(", ")}, got ${requested}`;
  if (theirs.error >= mine.error)
    return `${requested} is off by ${factor(theirs)}, the live one by ${factor(mine)}`;
  if (theirs.error > baseline.error)
    return `${requested} is off by ${factor(theirs)}, the plain ${baseline.model} by ${factor(baseline)}`;
  return undefined;
}

export function isBaseline(model: string): boolean {
  return baselineModels.some((each) => each === model);
}

function beats(one: ReadOnly<ModelScore>, other: ReadOnly<ModelScore>): boolean {
  const gain = other.error - one.error;
  if (!(gain > 0 && gain >= gainLeast * other.error)) return false;
  const gains = other.parts.map((part, at) => part - (one.parts[at] ?? part));
  const mean = gains.reduce((sum, each) => sum + each, 0) / gains.length;
  const variance = gains.reduce((sum, each) => sum + (each - mean) ** 2, 0) / (gains.length - 1);
  return mean > deviationsLeast * Math.sqrt(variance / gains.length);
}

function bestOf(scores: readonly ReadOnly<ModelScore>[]): ReadOnly<ModelScore> | undefined {
  return scores.reduce<ReadOnly<ModelScore> | undefined>(
    (best, each) => (best === undefined || each.error < best.error ? each : best),
    undefined,
  );
}

function comparison(one: ReadOnly<ModelScore>, other: ReadOnly<ModelScore>, samples: number): string {
  return `Over ${samples} attempts ${one.model} is off by ${factor(one)}, ${other.model} by ${factor(other)}.`;
}

/** Returns an error as users see it. */
function factor({ error }: ReadOnly<ModelScore>): string {
  return `× ${Math.exp(error).toFixed(2)}`;
}
