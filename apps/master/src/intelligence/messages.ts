/** Converts estimates and models to the contract. */
import {
  type AttemptOutcome,
  type CapabilityModel,
  type Estimate,
  EstimateSubject,
  type LearnedOutcome,
  type Model,
  type ModelTraining,
  type PredictionPoint,
  type Training,
} from "@tutti/contracts/intelligence/v1";
import type { RecordedUse } from "@tutti/definitions";
import { fromTimestamp, type ReadOnly, toTimestamp } from "@tutti/kernel";
import {
  isBaseline,
  type Knowledge,
  type KnownModel,
  liveOf,
  type PredictedPoint,
} from "@tutti/machine-entities/experience";

const unknown = { meanMs: 0, p50Ms: 0, p90Ms: 0, p99Ms: 0, msPerByte: 0, samples: 0, confidence: 0 };

/**
 * @param nowMs start of the attempt. 0: at any time of day
 * @param uses resource use of attempts at any capability
 */
export function estimateOf(
  knowledge: Knowledge,
  subject: EstimateSubject,
  { nowMs = 0, uses = [] }: { readonly nowMs?: number; readonly uses?: readonly RecordedUse[] } = {},
): Estimate {
  const predicted = knowledge.predict({ ...subject, endMs: nowMs });
  const measured = uses
    .filter(({ capability }) => capability === subject.capability)
    .map(({ capability: _, ...use }) => use);
  if (predicted === undefined)
    return { ...unknown, subject, failureProbability: 0, use: undefined, basis: undefined, measured };
  const { meanMs, p50Ms, p90Ms, p99Ms, msPerByte, failureProbability, samples, confidence } = predicted;
  const { tokens, money, basis } = predicted;
  return {
    subject,
    meanMs,
    p50Ms,
    p90Ms,
    p99Ms,
    msPerByte,
    failureProbability,
    samples,
    confidence,
    use: { tokens, money, timeMs: meanMs },
    basis: EstimateSubject.create(basis),
    measured,
  };
}

/** Returns undefined if nothing can be learned from it. */
export function learnedOf(outcome: AttemptOutcome): LearnedOutcome | undefined {
  const { subject = EstimateSubject.create(), runMs, errorCode, used, endTime } = outcome;
  if (subject.capability === "") return undefined;
  return {
    ...subject,
    runMs,
    errorCode,
    tokens: used?.tokens ?? 0,
    money: used?.money ?? 0,
    endMs: endTime === undefined ? 0 : fromTimestamp(endTime),
  };
}

/** The consequence of a drift. */
const response = "new durations become the usual ones within some twenty attempts";

export function modelOf(
  namespace: string,
  known: KnownModel,
  recorded: ReadOnly<CapabilityModel> | undefined,
): Model {
  const { capability, version, samples, error, coverage, drift, learnMs, points } = known;
  return {
    namespace,
    modelId: capability,
    kind: "duration",
    version,
    samples,
    error,
    coverage,
    subject: EstimateSubject.create({ capability }),
    drift: drift && {
      startTime: toTimestamp(points.at(-drift.samples)?.timeMs ?? learnMs),
      factor: drift.factor,
      confidence: drift.confidence,
      response,
    },
    learnTime: toTimestamp(learnMs),
    live: liveOf(recorded),
    previous: recorded?.previous ?? "",
    liveTime: recorded === undefined || recorded.sinceMs === 0 ? undefined : toTimestamp(recorded.sinceMs),
  };
}

/** @param live the live model */
export function trainingOf(
  { number, timeMs, fromMs, toMs, samples, features, scores, finding }: ReadOnly<ModelTraining>,
  live: string,
): Training {
  const models = scores
    .map(({ model, error, coverage }) => ({
      model,
      error,
      coverage,
      live: model === live,
      baseline: isBaseline(model),
    }))
    .toSorted((one, other) => one.error - other.error);
  return {
    number,
    samples,
    features: [...features],
    models,
    finding,
    time: toTimestamp(timeMs),
    fromTime: toTimestamp(fromMs),
    toTime: toTimestamp(toMs),
  };
}

export function pointOf({ timeMs, predictedMs, highMs, realMs }: PredictedPoint): PredictionPoint {
  return { time: toTimestamp(timeMs), predicted: predictedMs, predictedHigh: highMs, real: realMs };
}
