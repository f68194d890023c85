/**
 * The use of resources by attempts, tokens and money, learned as durations are: a sum of logarithms of kind,
 * agent and input size, with quantiles and drift. An attempt without any use counts for its probability, not
 * for the amount.
 */
import type { Drift } from "./drift.ts";
import { Estimates, type EstimatesLimits } from "./estimates.ts";
import type { Subject } from "./subject.ts";

export const amountNames = ["tokens", "money"] as const;

export type UsedAmounts = Readonly<Partial<Record<(typeof amountNames)[number], number>>>;

export interface AmountEstimate {
  /** The mean, including attempts without any use. */
  readonly mean: number;
  readonly median: number;
  /** One in ten attempts uses more. */
  readonly high: number;
  /** Number of attempts with any use. Old ones count less. */
  readonly samples: number;
  readonly confidence: number;
  /** The kind of these attempts. */
  readonly basis: string;
}

/** Amounts are learned in millionths, since an attempt may cost little. */
const unit = 1e6;
const highShare = 0.9;
/** The mean over the median at most, as of a deviation of 1.8: absurd amounts of one agent widen that of all agents. */
const meanOverMedianMax = 5;

export class UseEstimates {
  readonly #amounts: Readonly<Record<(typeof amountNames)[number], Estimates>>;

  constructor(limits?: EstimatesLimits) {
    this.#amounts = { tokens: new Estimates(limits), money: new Estimates(limits) };
  }

  /** Unnamed resources were not used. */
  learn(subject: Subject, used: UsedAmounts): void {
    for (const name of amountNames) {
      const amount = used[name] ?? 0;
      if (amount > 0) this.#amounts[name].learn(subject, amount * unit);
      else this.#amounts[name].learnFailure(subject);
    }
  }

  /** Undefined until a similar attempt has used any. */
  estimate(name: (typeof amountNames)[number], subject: Subject): AmountEstimate | undefined {
    const estimates = this.#amounts[name];
    const estimate = estimates.estimate(subject);
    if (estimate === undefined) return undefined;
    const any = 1 - estimate.failureProbability;
    const quantile = (share: number) => {
      // The lowest quantiles are those of attempts without any use.
      const among = any <= 0 ? 0 : (share - (1 - any)) / any;
      return among <= 0 ? 0 : (estimates.quantileMs(subject, among) ?? 0) / unit;
    };
    return {
      mean: (any * Math.min(estimate.meanMs, meanOverMedianMax * estimate.medianMs)) / unit,
      median: quantile(0.5),
      high: quantile(highShare),
      samples: estimate.samples,
      confidence: estimate.confidence,
      basis: estimate.basis,
    };
  }

  drift(name: (typeof amountNames)[number], capability: string): Drift | undefined {
    return this.#amounts[name].drift(capability);
  }
}
