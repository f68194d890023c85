/**
 * Agents that join and leave too quickly. Each join counts, and its count halves every half minute. An agent
 * above the limit has to stay away first, longer each time, until it has been quiet.
 */
import { type Backoff, backoffBoundMs } from "@tutti/kernel";
import { flappingAgentsMax } from "../bounds.ts";

const halfLifeMs = 30_000;
const joinsMax = 8;
const backoff: Backoff = { firstMs: 1_000, maxMs: 300_000 };

interface JoinCount {
  count: number;
  lastMs: number;
  /** How often in a row the agent had to stay away. */
  row: number;
  untilMs: number;
}

export class Flapping {
  readonly #agents = new Map<string, JoinCount>();

  /** Records that an agent wants to join. Returns how long it has to stay away first. 0 if it may join. */
  recordJoin(agentId: string, nowMs: number): number {
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
    const lockoutMs = backoffBoundMs(backoff, known.row);
    known.untilMs = nowMs + lockoutMs;
    // Once it may join again, one more join is allowed, even if its count had decayed.
    known.count = joinsMax - 1;
    return lockoutMs;
  }

  /** Returns whether the agent has to stay away. */
  isLockedOut(agentId: string, nowMs: number): boolean {
    return (this.#agents.get(agentId)?.untilMs ?? nowMs) > nowMs;
  }

  /** Allows an agent to join because a person released it. */
  forgive(agentId: string): boolean {
    return this.#agents.delete(agentId);
  }

  #remember(agentId: string, joinCount: JoinCount): void {
    const oldest = this.#agents.size >= flappingAgentsMax ? this.#agents.keys().next().value : undefined;
    if (oldest !== undefined) this.#agents.delete(oldest);
    this.#agents.set(agentId, joinCount);
  }
}
