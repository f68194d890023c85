/**
 * A pool that is owned here: the place where tasks are matched, and its stored state, which configures it.
 *
 * The stored state is durable before it is applied. It is always applied as a whole, so a missed change does
 * no harm.
 */
import type { Pool as PoolMessage } from "@tutti/contracts/swarm/v1";
import { errorOf } from "@tutti/kernel";
import { newPool, type PoolView } from "@tutti/machine-entities/pool";
import { type LimitRule, type Pool, poolSettingsOf } from "@tutti/matching";
import { effectivePool } from "./settings.ts";

/** The facts that a pool must know before it assigns: its returned agents, and its parts of quotas. */
export type Arrival = "agents" | "allotments";

export class Tenant {
  readonly pool: Pool;
  readonly #configured: PoolMessage;
  #contents: PoolView = newPool();
  readonly #missing = new Set<Arrival>();

  constructor(pool: Pool, configured: PoolMessage) {
    this.pool = pool;
    this.#configured = configured;
  }

  /** The stored state. */
  get contents(): PoolView {
    return this.#contents;
  }

  /** The effective settings, from all sources. */
  get settings(): PoolMessage {
    return effectivePool(this.#contents, this.#configured);
  }

  /** Applies a stored state. */
  apply(contents: PoolView, nowMs: number): void {
    const before = this.#contents;
    this.#contents = contents;
    this.#configure(nowMs);
    this.#applyLimits(before, nowMs);
    this.#applyHolds(before, nowMs);
  }

  /** Pauses the pool until these facts are known. */
  await(arrival: Arrival, nowMs: number): void {
    this.#missing.add(arrival);
    this.#configure(nowMs);
  }

  arrived(arrival: Arrival, nowMs: number): void {
    if (this.#missing.delete(arrival)) this.#configure(nowMs);
  }

  #configure(nowMs: number): void {
    const { paused, reason: pauseReason, slowStart, slowUntilMs } = this.#contents.pause;
    const refusal = this.pool.configure(
      {
        ...poolSettingsOf(this.settings, this.pool.namespace),
        paused,
        pauseReason,
        awaits: [...this.#missing].map((arrival) => arrivalTexts[arrival]),
        slowStart: slowStart && slowUntilMs > nowMs ? { rate: slowStart, untilMs: slowUntilMs } : undefined,
      },
      nowMs,
    );
    if (refusal !== undefined) throw errorOf(refusal);
  }

  #applyLimits(before: PoolView, nowMs: number): void {
    const { limits } = this.#contents;
    for (const [key, { revision, value }] of limits) {
      if (before.limits.get(key)?.revision === revision) continue;
      const refusal = this.pool.setLimit(value as LimitRule, nowMs);
      if (refusal !== undefined) throw errorOf(refusal);
    }
    for (const key of before.limits.keys()) if (!limits.has(key)) this.pool.removeLimit(key, nowMs);
  }

  #applyHolds(before: PoolView, nowMs: number): void {
    const { holds } = this.#contents;
    for (const [agentId, { revision, value }] of holds) {
      if (before.holds.get(agentId)?.revision === revision) continue;
      this.pool.hold(agentId, { hold: value.hold, reason: value.reason, forMs: 0 }, nowMs);
    }
    for (const agentId of before.holds.keys()) if (!holds.has(agentId)) this.pool.release(agentId, "", nowMs);
  }
}

const arrivalTexts: Readonly<Record<Arrival, string>> = {
  agents: "its agents to come after it",
  allotments: "what quotas and reservations allow it",
};
