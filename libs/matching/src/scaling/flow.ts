/** How many tasks come and end per second, from counts that are looked at now and then. */

import { Pace } from "../match/pace.ts";
import type { Agent } from "../parts.ts";

export interface FlowFigures {
  /** Since the last look. */
  readonly arrived: number;
  readonly arrivalsPerSec: number;
  readonly finishesPerSec: number;
}

export class Flow {
  readonly #arrived = new Pace();
  readonly #ended = new Pace();
  /** What each agent had ended when it was looked at last. */
  #counts = new Map<string, number>();
  #work = 0;
  #isNew = true;

  /** Returns how many attempts ended since the last look. One that joined again counts from the beginning. */
  ended(agents: readonly Agent[]): number {
    const counts = new Map<string, number>();
    let sum = 0;
    for (const { agentId, completed, failed, identity } of agents) {
      const key = `${agentId} ${identity.incarnation}`;
      const count = completed + failed;
      sum += Math.max(0, count - (this.#counts.get(key) ?? 0));
      counts.set(key, count);
    }
    this.#counts = counts;
    return sum;
  }

  /** The arrival of work before the first read is unknown. */
  read(work: number, ended: number, nowMs: number): FlowFigures {
    const arrived = this.#isNew ? 0 : Math.max(0, work - this.#work + ended);
    if (!this.#isNew) {
      this.#ended.add(ended, nowMs);
      this.#arrived.add(arrived, nowMs);
    }
    this.#isNew = false;
    this.#work = work;
    const [arrivalsPerSec, finishesPerSec] = [this.#arrived.perSec(nowMs), this.#ended.perSec(nowMs)];
    return { arrived, arrivalsPerSec, finishesPerSec };
  }
}
