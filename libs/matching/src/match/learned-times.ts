/**
 * How long attempts take in this pool, learned from those that end. A pool that is very busy learns from some of them:
 * a few dozen a turn say as much as all.
 */
import { Estimates } from "@tutti/planner";
import type { Times } from "../strategies/strategy.ts";

const learnedPerTurnMax = 32;
/** Fewer attempts do not show what is unusual. */
const samplesMin = 10;

export class LearnedTimes implements Times {
  readonly #estimates = new Estimates();
  #turnMs = 0;
  #learned = 0;

  /** Returns how many times as long as others the agent takes. Undefined where nothing was learned this time. */
  learn(
    agentId: string,
    capability: string,
    tookMs: number,
    failed: boolean,
    nowMs: number,
  ): number | undefined {
    if (nowMs !== this.#turnMs) {
      this.#turnMs = nowMs;
      this.#learned = 0;
    }
    if (this.#learned >= learnedPerTurnMax) return undefined;
    this.#learned++;
    const subject = { capability, agentId, inputBytes: 0 };
    if (failed) this.#estimates.learnFailure(subject);
    else this.#estimates.learn(subject, tookMs);
    return this.#estimates.slowness(agentId);
  }

  expectedMs(agentId: string, capability: string): number | undefined {
    return this.#estimates.estimate({ capability, agentId, inputBytes: 0 })?.meanMs;
  }

  /**
   * Returns the time that a share of all attempts at a capability does not exceed. Undefined before enough have been
   * seen.
   */
  quantileMs(capability: string, share: number): number | undefined {
    const usual = { capability, agentId: "", inputBytes: 0 };
    const { samples = 0 } = this.#estimates.estimate(usual) ?? {};
    return samples < samplesMin ? undefined : this.#estimates.quantileMs(usual, share);
  }

  /** Another process runs under the agent's name: it may be on another machine. */
  forget(agentId: string): void {
    this.#estimates.forget(agentId);
  }
}
