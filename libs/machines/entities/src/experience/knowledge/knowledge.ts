/**
 * Knowledge from attempts that ended: their duration, their failure rate and their use of resources. Each attempt is
 * predicted before it is learned from, so the quality of predictions is known too. Choices are learned from their outcomes.
 *
 * The same ends in the same order give the same knowledge.
 */
import type { LearnedChoice, LearnedOutcome } from "@tutti/contracts/intelligence/v1";
import { Mode } from "@tutti/contracts/session/v1";
import type { ReadOnly } from "@tutti/kernel";
import {
  type Drift,
  durationModels,
  Estimates,
  type Lesson,
  learnOutcome,
  ModeChooser,
  UseEstimates,
  usualModel,
} from "@tutti/planner";
import { capabilityIn, type Kind, keyOf, kindOf, subjectOf, type TimedAttempt } from "./kinds.ts";

export interface Predicted {
  readonly meanMs: number;
  readonly p50Ms: number;
  readonly p90Ms: number;
  readonly p99Ms: number;
  /** Slope around inputs of the usual size. */
  readonly msPerByte: number;
  readonly failureProbability: number;
  readonly tokens: number;
  readonly money: number;
  readonly samples: number;
  readonly confidence: number;
  /** Kind whose attempts it is based on. */
  readonly basis: Kind;
}

/** A prediction and the real value. */
export interface PredictedPoint {
  readonly timeMs: number;
  readonly predictedMs: number;
  readonly highMs: number;
  readonly realMs: number;
}

/** A model of one capability, and its quality. */
export interface KnownModel {
  readonly capability: string;
  /** Increases as it learns. */
  readonly version: number;
  readonly samples: number;
  /** Mean of |predicted - real| / real over the latest predictions. */
  readonly error: number;
  /** Share of real times below the predicted quantile 0.9. */
  readonly coverage: number;
  readonly drift: Drift | undefined;
  readonly learnMs: number;
  /** Number of the last attempt that it learned from, among all of its namespace. */
  readonly learnedAt: number;
  readonly pools: ReadonlySet<string>;
  readonly points: readonly PredictedPoint[];
}

const pointsMax = 1_000;
/** Number of predictions in the mean error. */
const errorOver = 100;
const highShare = 0.9;

const modeOf: Readonly<Record<number, Lesson["mode"]>> = {
  [Mode.MODE_WORKFLOW]: "workflow",
  [Mode.MODE_SWARM]: "swarm",
  [Mode.MODE_INTELLIGENCE]: "intelligence",
  [Mode.MODE_HYBRID]: "hybrid",
};

interface Track {
  version: number;
  samples: number;
  learnMs: number;
  learnedAt: number;
  readonly points: PredictedPoint[];
  readonly pools: Set<string>;
}

export class Knowledge {
  /** A planner learns on a copy of its own (`fork`), and changes nothing here. */
  readonly times: Estimates;
  readonly uses = new UseEstimates();
  readonly chooser = new ModeChooser();
  readonly #tracks = new Map<string, Track>();
  #count: number;

  /**
   * @param count number of attempts before the first one to learn from
   * @param models models of capabilities that do not have the usual one
   */
  constructor(count = 0, models: Readonly<Record<string, string>> = {}) {
    this.#count = count;
    const known = new Map(Object.entries(models));
    this.times = new Estimates(undefined, (key) => {
      const live = known.size === 0 ? undefined : known.get(capabilityIn(key));
      return durationModels.find((model) => model === live) ?? usualModel;
    });
  }

  learn(outcome: ReadOnly<LearnedOutcome>): void {
    const { capability, errorCode, runMs, tokens, money, endMs, pool } = outcome;
    const subject = subjectOf(outcome);
    const track = this.#trackOf(capability);
    track.version++;
    track.learnMs = endMs;
    track.learnedAt = ++this.#count;
    track.pools.add(pool);
    if (errorCode !== "") {
      this.times.learnFailure(subject);
      return;
    }
    const before = this.times.estimate(subject);
    // A prediction that was based on other capabilities does not measure this model.
    if (before !== undefined && kindOf(before.basis).capability === capability) {
      const highMs = this.times.quantileMs(subject, highShare) ?? before.meanMs;
      track.points.push({ timeMs: endMs, predictedMs: before.medianMs, highMs, realMs: runMs });
      if (track.points.length > pointsMax) track.points.shift();
    }
    track.samples++;
    this.times.learn(subject, runMs);
    this.uses.learn(subject, { tokens, money });
  }

  learnChoice({ features, mode: number, expectedMs, lostMs, realMs }: ReadOnly<LearnedChoice>): void {
    const mode = modeOf[number];
    if (mode !== undefined) learnOutcome(this.chooser, { features, mode, expectedMs, lostMs, realMs });
  }

  /** Predicts an attempt. Undefined until any attempt has succeeded. */
  predict(attempt: TimedAttempt): Predicted | undefined {
    const subject = subjectOf(attempt);
    const estimate = this.times.estimate(subject);
    if (estimate === undefined) return undefined;
    const { meanMs, medianMs, failureProbability, samples, confidence, basis, growth, usualBytes } = estimate;
    const quantile = (share: number) => this.times.quantileMs(subject, share) ?? medianMs;
    return {
      meanMs,
      failureProbability,
      samples,
      confidence,
      basis: kindOf(basis),
      p50Ms: quantile(0.5),
      p90Ms: quantile(highShare),
      p99Ms: quantile(0.99),
      msPerByte: usualBytes >= 1 ? (medianMs * growth) / usualBytes : 0,
      tokens: this.uses.estimate("tokens", subject)?.mean ?? 0,
      money: this.uses.estimate("money", subject)?.mean ?? 0,
    };
  }

  /** Models by capability. */
  get models(): readonly KnownModel[] {
    return [...this.#tracks].map(([capability, track]) => this.#modelOf(capability, track));
  }

  model(capability: string): KnownModel | undefined {
    const track = this.#tracks.get(capability);
    return track === undefined ? undefined : this.#modelOf(capability, track);
  }

  #trackOf(capability: string): Track {
    const known = this.#tracks.get(capability);
    if (known !== undefined) return known;
    const track = { version: 0, samples: 0, learnMs: 0, learnedAt: 0, points: [], pools: new Set<string>() };
    this.#tracks.set(capability, track);
    return track;
  }

  #modelOf(capability: string, { points, ...track }: Track): KnownModel {
    const latest = points.slice(-errorOver);
    const count = Math.max(1, latest.length);
    const errors = latest.map(
      ({ predictedMs, realMs }) => Math.abs(predictedMs - realMs) / Math.max(0.01, realMs),
    );
    const covered = latest.filter(({ highMs, realMs }) => realMs <= highMs).length;
    const key = keyOf({ capability, version: "", definition: "", definitionTask: "" });
    return {
      ...track,
      capability,
      points,
      error: errors.reduce((sum, error) => sum + error, 0) / count,
      coverage: covered / count,
      drift: this.times.drift(key),
    };
  }
}
