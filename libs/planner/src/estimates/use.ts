/**
 * What attempts use up, tokens and money, learned as times are: a sum of logarithms of what the kind uses, of who does
 * it, and of how large the input is, with quantiles and drift. An attempt that used none of it tells how often that is
 * so, and nothing of how much.
 */
import type { Drift } from "./drift.ts";
import { Estimates, type EstimatesLimits } from "./estimates.ts";
import type { Subject } from "./subject.ts";

export const amountNames = ["tokens", "money"] as const;

export type UsedAmounts = Readonly<Partial<Record<(typeof amountNames)[number], number>>>;

export interface AmountEstimate {
  /** On the average, those that use none counted. */
  readonly mean: number;
  readonly median: number;
  /** One in ten uses more. */
  readonly high: number;
  /** How many attempts that used any it rests on, old ones counting less. */
  readonly samples: number;
  readonly confidence: number;
  /** The kind whose attempts it rests on. */
  readonly basis: string;
}

/** Amounts are learned in millionths: what an attempt costs may be little. */
const unit = 1e6;
const highShare = 0.9;

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

  /** Undefined as long as nothing like it was seen to use any. */
  estimate(name: (typeof amountNames)[number], subject: Subject): AmountEstimate | undefined {
    const estimates = this.#amounts[name];
    const estimate = estimates.estimate(subject);
    if (estimate === undefined) return undefined;
    const any = 1 - estimate.failureProbability;
    const quantile = (share: number) => {
      // Of those that use none the first quantiles are.
      const among = any <= 0 ? 0 : (share - (1 - any)) / any;
      return among <= 0 ? 0 : (estimates.quantileMs(subject, among) ?? 0) / unit;
    };
    return {
      mean: (any * estimate.meanMs) / unit,
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
