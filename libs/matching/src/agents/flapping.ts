/**
 * Agents that come and go too quickly. Each time an agent joins counts, and counts half after half a minute. An agent
 * that has more than a few to its name stays away for a while first, each time longer, until it has been quiet.
 */
import { type Backoff, backoffBoundMs } from "@tutti/kernel";
import { flappingAgentsMax } from "../bounds.ts";

const halfLifeMs = 30_000;
const joinsMax = 8;
const backoff: Backoff = { firstMs: 1_000, maxMs: 300_000 };

interface Comings {
  count: number;
  lastMs: number;
  /** How often in a row it was asked to stay away. */
  row: number;
  untilMs: number;
}

export class Flapping {
  readonly #agents = new Map<string, Comings>();

  /** An agent wants to join. Gives for how long it has to stay away first. 0 when it may join. */
  comes(agentId: string, nowMs: number): number {
    const known = this.#agents.get(agentId);
    if (known === undefined) {
      this.#remember(agentId, { count: 1, lastMs: nowMs, row: 0, untilMs: nowMs });
      return 0;
    }
    if (nowMs < known.untilMs) return known.untilMs - nowMs;
    known.count = known.count * 2 ** ((known.lastMs - nowMs) / halfLifeMs) + 1;
    known.lastMs = nowMs;
    if (known.count <= joinsMax) {
      if (known.count < joinsMax / 2) known.row = 0;
      return 0;
    }
    known.row++;
    const awayMs = backoffBoundMs(backoff, known.row);
    known.untilMs = nowMs + awayMs;
    // Once it may join again, one more join is allowed, even if its count had decayed.
    known.count = joinsMax - 1;
    return awayMs;
  }

  /** Returns whether it is to stay away. */
  isAway(agentId: string, nowMs: number): boolean {
    return (this.#agents.get(agentId)?.untilMs ?? nowMs) > nowMs;
  }

  /** A person says that it may come. */
  forgive(agentId: string): boolean {
    return this.#agents.delete(agentId);
  }

  #remember(agentId: string, comings: Comings): void {
    const oldest = this.#agents.size >= flappingAgentsMax ? this.#agents.keys().next().value : undefined;
    if (oldest !== undefined) this.#agents.delete(oldest);
    this.#agents.set(agentId, comings);
  }
}
