/**
 * The durations of attempts in this pool, learned from those that end. A very busy pool learns from a sample:
 * a few dozen a turn are as good as all.
 */
import { Estimates } from "@tutti/planner";
import type { Times } from "../strategies/strategy.ts";

const learnedPerTurnMax = 32;
/** Minimum number of attempts before an unusual one is recognised. */
const samplesMin = 10;

export class LearnedTimes implements Times {
  readonly #estimates = new Estimates();
  #turnMs = 0;
  #learned = 0;

  /** Returns by which factor the agent is slower than others. Undefined if nothing was learned. */
  learn(
    agentId: string,
    capability: string,
    durationMs: number,
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
    else this.#estimates.learn(subject, durationMs);
    return this.#estimates.slowness(agentId);
  }

  expectedMs(agentId: string, capability: string): number | undefined {
    return this.#estimates.estimate({ capability, agentId, inputBytes: 0 })?.meanMs;
  }

  /** Returns the relative speed of an agent at a capability. Undefined without attempts. */
  speed(agentId: string, capability: string): ReturnType<Estimates["speed"]> {
    return this.#estimates.speed(agentId, capability);
  }

  /**
   * Returns the duration that a share of all attempts at a capability does not exceed. Undefined after too
   * few attempts.
   */
  quantileMs(capability: string, share: number): number | undefined {
    const usual = { capability, agentId: "", inputBytes: 0 };
    const { samples = 0 } = this.#estimates.estimate(usual) ?? {};
    return samples < samplesMin ? undefined : this.#estimates.quantileMs(usual, share);
  }

  /** Forgets an agent because another process runs under its name, maybe on another machine. */
  removeAgent(agentId: string): void {
    this.#estimates.removeAgent(agentId);
  }
}
