/**
 * How long attempts take and how likely they fail, learned from those that ended.
 *
 * The logarithm of an attempt's time is a sum: what its capability takes, how fast its agent is at anything, how fast that
 * agent is at this, and how the time grows with the size of the input. Each part is learned on its own, so that an agent that
 * is new to a capability is expected to be as fast as it was elsewhere, and a new agent to be like the others. Around that
 * sum, the times of a capability spread as they did.
 *
 * 1. Memory is bounded: what was not heard of longest is forgotten.
 * 2. What is learned fades: a part becomes unsure again by a little with each observation, so that an agent that has become
 *    slow is known to be slow after some twenty attempts.
 * 3. Nothing here reads a clock, and the same observations in the same order give the same estimates.
 */
import { Latent, observe, type Part, sumOf } from "./latent.ts";
import { Recent } from "./recent.ts";
import { Spread } from "./spread.ts";

/** What an estimate is about. */
export interface Subject {
  /** With whatever else tells kinds of work apart: its version, its namespace. */
  readonly capability: string;
  /** Empty: any agent. */
  readonly agentId: string;
  /** Size of the input; 0 where it is not known. */
  readonly inputBytes: number;
}

export interface Estimate {
  /** Expected time at work. */
  readonly meanMs: number;
  readonly failureProbability: number;
  /** How many attempts it rests on, old ones counting less. */
  readonly samples: number;
  /** 0 to 1: how little of what is not sure about it comes from having seen too little. */
  readonly confidence: number;
}

export interface EstimatesLimits {
  readonly capabilitiesMax: number;
  readonly agentsMax: number;
  /** Of what is known of an agent at a capability. */
  readonly pairsMax: number;
}

const defaultLimits: EstimatesLimits = { capabilitiesMax: 2_000, agentsMax: 10_000, pairsMax: 40_000 };

// Variances of logarithms: 0.25 is a factor of 1.6 up or down, 9 one of twenty.
const capabilityPrior = 9;
const agentPrior = 0.25;
const pairPrior = 0.1;
const growthPrior = 0.1;
const noisePrior = 0.25;
const noiseLeast = 0.0025;
/** A deviation of a factor of twenty: whoever sees more than that has learned nothing. */
const noiseMost = 9;
/** Whatever was seen, an estimate is a time: between a millionth of a millisecond and a few hundred years. */
const exponents = { least: -14, most: 30 } as const;
/** How unsure the parts become again with each observation. */
const fading = 0.001;
const noiseMemory = 50;
const failureMemory = 200;
/** What a pair's failures rest on before it has any of its own: this many attempts of the capability. */
const failureShrinkage = 10;
const leastMs = 0.01;

class Kind {
  readonly usual = new Latent(0, capabilityPrior);
  readonly growth = new Latent(0, growthPrior);
  readonly spread = new Spread();
  readonly failures = new Share();
  noise = noisePrior;
  /** Mean of the logarithms of sizes, around which the growth turns. */
  meanSize = 0;
  seen = 0;
}

class Pair {
  readonly offset = new Latent(0, pairPrior);
  readonly failures = new Share();
}

/** A share of yes among yes and no, old ones counting less. */
class Share {
  yes = 0;
  all = 0;

  add(isYes: boolean): void {
    const keep = 1 - 1 / failureMemory;
    this.yes = this.yes * keep + (isYes ? 1 : 0);
    this.all = this.all * keep + 1;
  }
}

export class Estimates {
  readonly #kinds: Recent<Kind>;
  readonly #agents: Recent<Latent>;
  readonly #pairs: Recent<Pair>;

  constructor(limits: EstimatesLimits = defaultLimits) {
    this.#kinds = new Recent(limits.capabilitiesMax);
    this.#agents = new Recent(limits.agentsMax);
    this.#pairs = new Recent(limits.pairsMax);
  }

  /** An attempt did what it should, and took so long. */
  learn(subject: Subject, runMs: number): void {
    const { capability, agentId, inputBytes } = subject;
    const kind = this.#kinds.take(capability, () => new Kind());
    const pair = this.#pairs.take(pairKey(capability, agentId), () => new Pair());
    const agent = this.#agents.take(agentId, () => new Latent(0, agentPrior));
    const seen = Math.log(Math.max(leastMs, runMs));
    const size = Math.log1p(inputBytes);
    kind.seen++;
    kind.meanSize += (size - kind.meanSize) / Math.min(kind.seen, noiseMemory);
    // The first attempt says what the capability takes, and nothing of who did it.
    if (kind.seen === 1) kind.usual.mean = seen;
    const parts = partsOf(kind, agent, pair, size);
    for (const { latent } of parts) latent.variance += fading;
    const surprise = observe(parts, seen, kind.noise);
    if (kind.seen > 1) {
      const weight = 1 / Math.min(kind.seen, noiseMemory);
      kind.noise = between(noiseLeast, kind.noise + weight * (surprise * surprise - kind.noise), noiseMost);
    }
    kind.spread.add(seen - sumOf(parts).mean);
    kind.failures.add(false);
    pair.failures.add(false);
  }

  /** An attempt failed. How long that took says nothing of how long it takes. */
  learnFailure({ capability, agentId }: Subject): void {
    this.#kinds.take(capability, () => new Kind()).failures.add(true);
    this.#pairs.take(pairKey(capability, agentId), () => new Pair()).failures.add(true);
  }

  /** Undefined as long as no attempt at the capability has done what it should. */
  estimate(subject: Subject): Estimate | undefined {
    const kind = this.#kinds.peek(subject.capability);
    if (kind === undefined || kind.seen === 0) return undefined;
    const { mean, variance } = this.#sum(subject, kind);
    return {
      meanMs: msOf(mean + kind.noise / 2),
      failureProbability: this.#failureProbability(subject, kind),
      samples: kind.spread.samples,
      confidence: kind.noise / (kind.noise + variance),
    };
  }

  /** The time that a share of such attempts does not exceed; undefined as long as nothing is known. */
  quantileMs(subject: Subject, share: number): number | undefined {
    const kind = this.#kinds.peek(subject.capability);
    if (kind === undefined || kind.seen === 0) return undefined;
    return msOf(this.#sum(subject, kind).mean + kind.spread.quantile(share));
  }

  /** By which factor the agent is slower than others, over all that it does; 1 for one that is not known. */
  slowness(agentId: string): number {
    return Math.exp(between(-5, this.#agents.peek(agentId)?.mean ?? 0, 5));
  }

  /** An agent is not the one it was: another machine, another version. */
  forget(agentId: string): void {
    this.#agents.forget(agentId);
  }

  #sum({ capability, agentId, inputBytes }: Subject, kind: Kind) {
    const agent = this.#agents.peek(agentId) ?? new Latent(0, agentPrior);
    const pair = this.#pairs.peek(pairKey(capability, agentId)) ?? new Pair();
    // Without a size the usual one is meant.
    const size = inputBytes > 0 ? Math.log1p(inputBytes) : kind.meanSize;
    return sumOf(partsOf(kind, agent, pair, size));
  }

  #failureProbability({ capability, agentId }: Subject, { failures }: Kind): number {
    const own = this.#pairs.peek(pairKey(capability, agentId))?.failures;
    const usual = (failures.yes + 0.5) / (failures.all + 1);
    return ((own?.yes ?? 0) + failureShrinkage * usual) / ((own?.all ?? 0) + failureShrinkage);
  }
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
