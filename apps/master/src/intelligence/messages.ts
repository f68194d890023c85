/** Estimates and models as the contract shows them. */
import type {
  AttemptOutcome,
  Estimate,
  LearnedOutcome,
  Model,
  PredictionPoint,
} from "@tutti/contracts/intelligence/v1";
import { EstimateSubject } from "@tutti/contracts/intelligence/v1";
import { fromTimestamp, toTimestamp } from "@tutti/kernel";
import type { Knowledge, KnownModel, PredictedPoint } from "@tutti/machine-entities/experience";

const unknown = { meanMs: 0, p50Ms: 0, p90Ms: 0, p99Ms: 0, msPerByte: 0, samples: 0, confidence: 0 };

export function estimateOf(knowledge: Knowledge, subject: EstimateSubject): Estimate {
  const predicted = knowledge.predict(subject);
  if (predicted === undefined)
    return { ...unknown, subject, failureProbability: 0, use: undefined, basis: undefined };
  const { meanMs, p50Ms, p90Ms, p99Ms, msPerByte, failureProbability, samples, confidence } = predicted;
  const { tokens, money, basis } = predicted;
  return {
    ...{ subject, meanMs, p50Ms, p90Ms, p99Ms, msPerByte, failureProbability, samples, confidence },
    use: { tokens, money, timeMs: meanMs },
    basis: EstimateSubject.create(basis),
  };
}

/** Undefined where nothing can be learned from it. */
export function learnedOf(outcome: AttemptOutcome): LearnedOutcome | undefined {
  const { subject = EstimateSubject.create(), runMs, errorCode, used, endTime } = outcome;
  if (subject.capability === "") return undefined;
  return {
    ...{ ...subject, runMs, errorCode },
    ...{ tokens: used?.tokens ?? 0, money: used?.money ?? 0 },
    endMs: endTime === undefined ? 0 : fromTimestamp(endTime),
  };
}

/** The consequence of a drift. */
const response = "new durations become the usual ones within some twenty attempts";

export function modelOf(namespace: string, known: KnownModel): Model {
  const { capability, version, samples, error, coverage, drift, learnMs, points } = known;
  return {
    ...{ namespace, modelId: capability, kind: "duration", version, samples, error, coverage },
    subject: EstimateSubject.create({ capability }),
    drift: drift && {
      startTime: toTimestamp(points.at(-drift.samples)?.timeMs ?? learnMs),
      ...{ factor: drift.factor, confidence: drift.confidence, response },
    },
    learnTime: toTimestamp(learnMs),
  };
}

export function pointOf({ timeMs, predictedMs, highMs, realMs }: PredictedPoint): PredictionPoint {
  return { time: toTimestamp(timeMs), predicted: predictedMs, predictedHigh: highMs, real: realMs };
}
