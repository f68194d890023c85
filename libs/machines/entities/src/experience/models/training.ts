/**
 * Compares the models of one capability on its recorded attempts. Each model predicts each end before it learns from
 * it, so no model has seen its test data.
 *
 * 1. The same ends in the same order give the same scores.
 * 2. An outlier counts as a factor of twenty at most, so a few wrong records do not decide.
 */
import type { LearnedOutcome, ModelScore, ModelTraining } from "@tutti/contracts/intelligence/v1";
import type { ReadOnly } from "@tutti/kernel";
import { type DurationModel, durationModels, Estimates } from "@tutti/planner";
import { subjectOf } from "../knowledge/kinds.ts";

/** Number of ends to learn from before the first one counts. */
const warmUp = 20;
/** Minimum number of ends that count. */
export const trainedOnMin = 100;
/** Maximum number of ends, the latest of a history. */
const trainedOnMax = 2_000;
const partsOfHistory = 10;
const errorMost = 3;
const leastMs = 0.01;
const low = 0.1;
const high = 0.9;
/** Number of ends after which other work may run. */
const sliceEnds = 200;

export type Scored = Omit<ModelTraining, "number" | "live" | "finding">;

/** Returns the successful ends. The duration of a failure does not predict the duration of a success. */
export function endsOf(
  outcomes: readonly ReadOnly<LearnedOutcome>[],
  capability: string,
): readonly ReadOnly<LearnedOutcome>[] {
  return outcomes
    .filter((outcome) => outcome.capability === capability && outcome.errorCode === "")
    .slice(-trainedOnMax);
}

/** Compares models. Yields after each slice. Undefined if too few ends were recorded. */
export function* train(
  ends: readonly ReadOnly<LearnedOutcome>[],
  nowMs: number,
): Generator<void, Scored | undefined> {
  const counted = ends.slice(warmUp);
  if (counted.length < trainedOnMin) return undefined;
  const scores: ModelScore[] = [];
  for (const model of durationModels) scores.push(yield* scoreOf(model, ends));
  return {
    timeMs: nowMs,
    fromMs: Math.min(...counted.map(({ endMs }) => endMs)),
    toMs: Math.max(...counted.map(({ endMs }) => endMs)),
    samples: counted.length,
    features: featuresOf(ends),
    scores,
  };
}

function* scoreOf(
  model: DurationModel,
  ends: readonly ReadOnly<LearnedOutcome>[],
): Generator<void, ModelScore> {
  const estimates = new Estimates(undefined, () => model);
  const count = ends.length - warmUp;
  const errors: number[] = [];
  let covered = 0;
  for (const [at, end] of ends.entries()) {
    const subject = subjectOf(end);
    if (at >= warmUp) {
      const medianMs = estimates.estimate(subject)?.medianMs ?? leastMs;
      const off = Math.abs(Math.log(medianMs / Math.max(leastMs, end.runMs)));
      errors.push(Math.min(errorMost, off));
      const [lowMs = 0, highMs = 0] = [low, high].map((share) => estimates.quantileMs(subject, share));
      if (end.runMs >= lowMs && end.runMs <= highMs) covered++;
    }
    estimates.learn(subject, end.runMs);
    if (at % sliceEnds === sliceEnds - 1) yield;
  }
  const parts = Array.from({ length: partsOfHistory }, (_, part) =>
    meanOf(
      errors.slice(
        Math.floor((part * count) / partsOfHistory),
        Math.floor(((part + 1) * count) / partsOfHistory),
      ),
    ),
  );
  return { model, error: meanOf(errors), coverage: covered / count, parts };
}

function featuresOf(ends: readonly ReadOnly<LearnedOutcome>[]): string[] {
  const has = (isThere: (end: ReadOnly<LearnedOutcome>) => boolean) => ends.some(isThere);
  return [
    ...(has(({ agentId }) => agentId !== "") ? ["agent"] : []),
    ...(has(({ inputBytes }) => inputBytes > 0) ? ["size"] : []),
    ...(has(({ endMs }) => endMs > 0) ? ["time"] : []),
    ...(has(({ definitionTask }) => definitionTask !== "") ? ["task"] : []),
    ...(has(({ key }) => key !== "") ? ["key"] : []),
    ...(has(({ count }) => count > 0) ? ["count"] : []),
  ];
}

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);
}
