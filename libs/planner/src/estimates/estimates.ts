/**
 * How long attempts take and how likely they fail, learned from attempts that ended.
 *
 * The logarithm of an attempt's duration is a sum of four parts. They are the capability, the speed of its agent
 * in general, its speed at this capability, and the growth with the input size. Each part is learned on its
 * own. So an agent that is new to a capability is expected to be as fast as elsewhere. A new agent is expected
 * to be like the others. Around that sum, the durations of a capability spread as observed. A new
 * kind is expected to be like the wider kind that contains it.
 *
 * 1. Memory is bounded: the kinds that were absent longest are forgotten.
 * 2. Learned values fade: each part becomes a little more uncertain with each observation. So an agent that
 *    has become slow is known to be slow after some twenty attempts.
 * 3. Nothing here reads a clock, and the same observations in the same order give the same estimates.
 */
import { type Drift, DriftWatch } from "./drift.ts";
import { byEnds, type DurationModel, subjectFor, usesAttempts } from "./duration-model.ts";
import { Latent, observe, type Part, sumOf } from "./latent.ts";
import { Recent } from "./recent.ts";
import { type End, RecentEnds } from "./recent-ends.ts";
import { Spread } from "./spread.ts";
import type { Subject } from "./subject.ts";

export interface Estimate {
  /** Expected duration. */
  readonly meanMs: number;
  /** Median duration. */
  readonly medianMs: number;
  /** Standard deviation of the logarithm of a single duration: 0.7 is a factor of two up or down. */
  readonly deviation: number;
  readonly failureProbability: number;
  /** Number of attempts behind it. Old ones count less. */
  readonly samples: number;
  /** 0 to 1: how small a share of the uncertainty comes from too few samples. */
  readonly confidence: number;
  /** The kind of these attempts: the capability, or a wider kind if the capability has none. */
  readonly basis: string;
  /** The power of the input's size with which the duration grows: 1 is twice as long for twice the input. */
  readonly growth: number;
  /** The average input size of these values. */
  readonly usualBytes: number;
}

export interface EstimatesLimits {
  readonly capabilitiesMax: number;
  readonly agentsMax: number;
  /** Maximum number of known pairs of agent and capability. */
  readonly pairsMax: number;
}

/** Returns the model of a kind, by its key. */
export type ModelOf = (kind: string) => DurationModel;

const defaultLimits: EstimatesLimits = { capabilitiesMax: 2_000, agentsMax: 10_000, pairsMax: 40_000 };

// Variances of logarithms: 0.25 is a factor of 1.6 up or down, 9 one of twenty.
const capabilityPrior = 9;
const agentPrior = 0.25;
const pairPrior = 0.1;
/** A declared speed is about right: a tenth up or down. */
const declaredPrior = 0.01;
/** Without observations: twice the input takes 1.4 times as long, between as long and twice as long. */
const growthPrior = { mean: 0.5, variance: 0.1 } as const;
const noisePrior = 0.25;
const noiseLeast = 0.0025;
/** A factor of twenty as a deviation. A larger one means that nothing was learned. */
const noiseMost = 9;
/** Values beyond these count as these, and so do estimates: a millionth of a millisecond and a few hundred years. */
const exponents = { least: -14, most: 30 } as const;
/** Variance between a kind and its wider kind: this, and twice the variance of the wider kind's attempts. */
const kindPrior = 0.25;
/** Above this number of deviations, an attempt does not belong to the wider kind. */
const refutingDeviations = 2;
/** The curve counts like this number of attempts, so it dominates if there are few. */
const curveWeight = 5;
/** Growth of the uncertainty of each part per observation. */
const fading = 0.001;
const noiseMemory = 50;
/** A larger deviation may be a wrong record. */
const believedDeviations = 3;
/** Before this number of attempts, deviations are part of learning. */
const driftNotBefore = 10;
const failureMemory = 200;
/** The failures of a pair start with this number of attempts of the capability. */
const failureShrinkage = 10;
const leastMs = 0.01;

class Kind {
  usual = new Latent(0, capabilityPrior);
  growth = new Latent(growthPrior.mean, growthPrior.variance);
  spread = new Spread();
  failures = new Share();
  drift = new DriftWatch();
  /** Only for a model that uses single attempts. */
  ends: RecentEnds | undefined;
  noise = noisePrior;
  /** Mean of the logarithms of sizes: the fixed point of the growth. */
  meanSize = 0;
  seen = 0;

  clone(): Kind {
    const { usual, growth, spread, failures, drift, ends, noise, meanSize, seen } = this;
    return Object.assign(new Kind(), {
      usual: usual.clone(),
      growth: growth.clone(),
      spread: spread.clone(),
      failures: failures.clone(),
      drift: drift.clone(),
      ends: ends?.clone(),
      noise,
      meanSize,
      seen,
    });
  }

  /** Variance between the kind and the kinds in it. */
  get between(): number {
    return kindPrior + 2 * this.noise;
  }

  /** Counts another attempt before it is learned. */
  count(size: number): void {
    this.seen++;
    this.meanSize += (size - this.meanSize) / Math.min(this.seen, noiseMemory);
  }

  /** Starts with the first attempt and the knowledge of a wider kind, if the attempt is similar to it. */
  startFrom(wider: Kind, observed: number): void {
    // Kinds have different inputs: sizes of one kind are useless for another.
    const { mean } = wider.usual;
    const refuted = Math.abs(observed - mean) > refutingDeviations * Math.sqrt(wider.between);
    this.usual.mean = refuted ? observed : mean;
    this.usual.variance = refuted ? noisePrior : wider.between;
  }

  /** Returns the maximum deviation in this share of cases, for an expectation with this variance. */
  offAt(share: number, variance: number): number {
    const { samples } = this.spread;
    const curve = logisticAt(share) * Math.sqrt(this.noise + variance);
    if (samples < 1) return curve;
    // In a small sample, larger values stand for a share: one in ten exceeds the largest of nine.
    const observed = this.spread.quantile(Math.min(1, share * (1 + 1 / samples)));
    return (samples * observed + curveWeight * curve) / (samples + curveWeight);
  }

  /** A single large deviation has little effect. Many of them are a drift, and then count fully. */
  #believedAtMost(deviation: number): number {
    const isBelieved = this.seen <= driftNotBefore || this.drift.drift !== undefined;
    return isBelieved ? Number.POSITIVE_INFINITY : believedDeviations * deviation;
  }

  /**
   * @param expected the prediction, if it is not the sum of the parts
   * @param isFollowing whether the prediction follows the latest attempts
   */
  learn(observed: number, parts: readonly Part[], expected?: number, isFollowing = false): void {
    for (const { latent } of parts) latent.variance += fading;
    const sum = sumOf(parts);
    const deviation = Math.sqrt(sum.variance + this.noise);
    const surprise = observed - (expected ?? sum.mean);
    // A prediction by the latest attempts follows a drift, and would not show it.
    if (this.seen > driftNotBefore) this.drift.add(isFollowing ? observed - sum.mean : surprise, deviation);
    const most = this.#believedAtMost(deviation);
    observe(parts, between(sum.mean - most, observed, sum.mean + most), this.noise);
    if (this.seen > 1) {
      const share = 1 / Math.min(this.seen, noiseMemory);
      const square = between(-most, surprise, most) ** 2;
      this.noise = between(noiseLeast, this.noise + share * (square - this.noise), noiseMost);
    }
    // The deviation before learning counts: the one after it says nothing of the next attempt.
    if (this.seen > 1) this.spread.add(surprise);
    this.failures.add(false);
  }
}

/** Number of deviations from the middle, for a logistic distribution of logarithms of durations. */
function logisticAt(share: number): number {
  return (Math.sqrt(3) / Math.PI) * Math.log(share / (1 - share));
}

class Pair {
  offset = new Latent(0, pairPrior);
  failures = new Share();

  clone(): Pair {
    return Object.assign(new Pair(), { offset: this.offset.clone(), failures: this.failures.clone() });
  }
}

/** Share of positive observations. Old ones count less. */
class Share {
  yes = 0;
  all = 0;

  add(isHit: boolean): void {
    const decay = 1 - 1 / failureMemory;
    this.yes = this.yes * decay + (isHit ? 1 : 0);
    this.all = this.all * decay + 1;
  }

  clone(): Share {
    return Object.assign(new Share(), { yes: this.yes, all: this.all });
  }
}

/** The estimates of all kinds. Each kind is predicted by its model, by default `additive`. */
export class Estimates {
  readonly #kinds: Recent<Kind>;
  readonly #agents: Recent<Latent>;
  readonly #pairs: Recent<Pair>;
  readonly #modelOf: ModelOf;

  /** @param under passed by `fork` */
  constructor(
    limits: EstimatesLimits = defaultLimits,
    modelOf: ModelOf = () => "additive",
    under?: Estimates,
  ) {
    this.#modelOf = modelOf;
    this.#kinds =
      under === undefined ? new Recent(limits.capabilitiesMax) : under.#kinds.fork((known) => known.clone());
    this.#agents =
      under === undefined ? new Recent(limits.agentsMax) : under.#agents.fork((known) => known.clone());
    this.#pairs =
      under === undefined ? new Recent(limits.pairsMax) : under.#pairs.fork((known) => known.clone());
  }

  /**
   * Returns a copy. Later observations of the copy are known only there. Later observations here are also
   * known there, for kinds without own observations.
   */
  fork(): Estimates {
    return new Estimates(defaultLimits, this.#modelOf, this);
  }

  /** Learns the duration of a successful attempt. */
  learn(subject: Subject, runMs: number): void {
    const model = this.#modelOf(subject.capability);
    const { capability, agentId, inputBytes, within = [] } = subjectFor(model, subject);
    const kind = this.#kinds.getOrCreate(capability, () => new Kind());
    const pair = this.#pairs.getOrCreate(pairKey(capability, agentId), () => new Pair());
    const agent = this.#agents.getOrCreate(agentId, () => new Latent(0, agentPrior));
    const observed = between(Math.log(leastMs), Math.log(runMs), exponents.most);
    const size = Math.log1p(inputBytes);
    const wider = kind.seen === 0 ? this.#known(within)?.kind : undefined;
    kind.count(size);
    if (wider !== undefined) kind.startFrom(wider, observed - agent.mean - pair.offset.mean);
    // The first attempt shows the duration of the capability, and nothing about the agent.
    else if (kind.seen === 1) kind.usual.mean = observed;
    const parts = partsOf(kind, agent, pair, size);
    const slowness = agent.mean + pair.offset.mean;
    const expected = byEnds(model, kind, { agentId, size, slowness, sum: sumOf(parts).mean });
    kind.learn(observed, parts, expected?.mean, model === "middle");
    pair.failures.add(false);
    const storesEnd = usesAttempts(model);
    if (storesEnd) storeEnd(kind, { agentId, size, time: observed, slowness: agent.mean + pair.offset.mean });
    for (const key of within) this.#learnWider(key, observed - agent.mean, size, storesEnd);
  }

  /** Learns a failed attempt. Its duration teaches nothing about the duration of others. */
  learnFailure(subject: Subject): void {
    const { capability, agentId, within = [] } = subjectFor(this.#modelOf(subject.capability), subject);
    for (const key of [capability, ...within])
      this.#kinds.getOrCreate(key, () => new Kind()).failures.add(true);
    this.#pairs.getOrCreate(pairKey(capability, agentId), () => new Pair()).failures.add(true);
  }

  /** Undefined until an attempt at the capability, or at a wider kind, has succeeded. */
  estimate(requested: Subject): Estimate | undefined {
    const found = this.#found(requested);
    if (found === undefined) return undefined;
    const { subject, kind, key, mean, variance, between } = found;
    return {
      meanMs: msOf(mean + kind.noise / 2),
      medianMs: msOf(mean),
      deviation: Math.sqrt(kind.noise + variance + between),
      failureProbability: this.#failureProbability(subject, kind),
      samples: kind.spread.samples,
      confidence: kind.noise / (kind.noise + variance + between),
      basis: key,
      growth: kind.growth.mean,
      usualBytes: Math.expm1(kind.meanSize),
    };
  }

  /** Returns the duration that a share of such attempts does not exceed. Undefined without observations. */
  quantileMs(requested: Subject, share: number): number | undefined {
    const found = this.#found(requested);
    if (found === undefined) return undefined;
    const { kind, mean, variance, between } = found;
    return msOf(mean + kind.offAt(share, variance + between));
  }

  /** Sets the declared speed of an agent. It counts until attempts show another one. */
  declare(agentId: string, slowness: number): void {
    const agent = this.#agents.getOrCreate(agentId, () => new Latent(0, agentPrior));
    agent.mean = Math.log(slowness);
    agent.variance = declaredPrior;
  }

  /** Returns the drift of a capability, if any. */
  drift(capability: string): Drift | undefined {
    return this.#kinds.peek(capability)?.drift.drift;
  }

  /** Returns the factor by which the agent is slower than others, over all its work. 1 if unknown. */
  slowness(agentId: string): number {
    return Math.exp(between(-5, this.#agents.peek(agentId)?.mean ?? 0, 5));
  }

  /** Returns the factor by which the agent is faster at a capability than others. Undefined without attempts. */
  speed(
    agentId: string,
    capability: string,
  ): { readonly factor: number; readonly samples: number } | undefined {
    const { all, yes } = this.#pairs.peek(pairKey(capability, agentId))?.failures ?? { all: 0, yes: 0 };
    if (all === yes) return undefined;
    const slowness = this.#slownessOf({ capability, agentId, inputBytes: 0 });
    return { factor: Math.exp(-between(-5, slowness, 5)), samples: all - yes };
  }

  /** Forgets an agent that has changed: another machine, another version. */
  removeAgent(agentId: string): void {
    this.#agents.remove(agentId);
  }

  #learnWider(key: string, observed: number, size: number, storesEnd: boolean): void {
    const kind = this.#kinds.getOrCreate(key, () => new Kind());
    kind.count(size);
    if (kind.seen === 1) kind.usual.mean = observed;
    kind.learn(observed, [
      { latent: kind.usual, weight: 1 },
      { latent: kind.growth, weight: size - kind.meanSize },
    ]);
    if (storesEnd) storeEnd(kind, { agentId: "", size, time: observed, slowness: 0 });
  }

  /** Returns the estimate of the subject, or of the nearest kind above it. */
  #found(requested: Subject) {
    const model = this.#modelOf(requested.capability);
    const subject = subjectFor(model, requested);
    const known = this.#known([subject.capability, ...(subject.within ?? [])]);
    if (known === undefined) return undefined;
    const { kind, key } = known;
    const isOwn = key === subject.capability;
    const sum = this.#sum(subject, kind);
    const size = isOwn && subject.inputBytes > 0 ? Math.log1p(subject.inputBytes) : kind.meanSize;
    const { agentId } = subject;
    const slowness = this.#slownessOf(subject);
    const observed =
      isOwn || model !== "middle"
        ? byEnds(model, kind, { agentId, size, slowness, sum: sum.mean })
        : undefined;
    const variance = observed?.count === undefined ? sum.variance : kind.noise / observed.count;
    return {
      subject,
      kind,
      key,
      mean: observed?.mean ?? sum.mean,
      variance,
      between: isOwn ? 0 : kind.between,
    };
  }

  /** Returns the nearest kind with observations. */
  #known(keys: readonly string[]): { readonly kind: Kind; readonly key: string } | undefined {
    for (const key of keys) {
      const kind = this.#kinds.peek(key);
      if (kind !== undefined && kind.seen > 0) return { kind, key };
    }
    return undefined;
  }

  /** Returns the expected slowness of the agent for it, as a logarithm. */
  #slownessOf({ capability, agentId }: Subject): number {
    const pair = this.#pairs.peek(pairKey(capability, agentId));
    return (this.#agents.peek(agentId)?.mean ?? 0) + (pair?.offset.mean ?? 0);
  }

  #sum({ capability, agentId, inputBytes }: Subject, kind: Kind) {
    const agent = this.#agents.peek(agentId) ?? new Latent(0, agentPrior);
    const pair = this.#pairs.peek(pairKey(capability, agentId)) ?? new Pair();
    // Without a size the usual one counts. The input size of another kind is useless.
    const isOwn = this.#kinds.peek(capability) === kind;
    const size = inputBytes > 0 && isOwn ? Math.log1p(inputBytes) : kind.meanSize;
    return sumOf(partsOf(kind, agent, pair, size));
  }

  #failureProbability({ capability, agentId }: Subject, { failures }: Kind): number {
    const own = this.#pairs.peek(pairKey(capability, agentId))?.failures;
    const usual = (failures.yes + 0.5) / (failures.all + 1);
    return ((own?.yes ?? 0) + failureShrinkage * usual) / ((own?.all ?? 0) + failureShrinkage);
  }
}

function storeEnd(kind: Kind, end: End): void {
  kind.ends ??= new RecentEnds();
  kind.ends.add(end);
}

function partsOf(kind: Kind, agent: Latent, pair: Pair, size: number): readonly Part[] {
  return [
    { latent: kind.usual, weight: 1 },
    { latent: agent, weight: 1 },
    { latent: pair.offset, weight: 1 },
    { latent: kind.growth, weight: size - kind.meanSize },
  ];
}

function msOf(logarithm: number): number {
  return Math.exp(between(exponents.least, logarithm, exponents.most));
}

function between(least: number, value: number, most: number): number {
  return Math.min(most, Math.max(least, value));
}

function pairKey(capability: string, agentId: string): string {
  return `${capability}\n${agentId}`;
}
