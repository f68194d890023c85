/** How a pool works, from the message that describes it. */
import { type Pool as PoolMessage, StrategyKind } from "@tutti/contracts/swarm/v1";
import type { PoolSettings } from "./api/pool.ts";
import { type StrategyName, strategyNamed, strategyNames } from "./strategies/index.ts";

export const strategyKinds: Readonly<Record<StrategyName, StrategyKind>> = {
  least_loaded: StrategyKind.STRATEGY_KIND_LEAST_LOADED,
  fastest: StrategyKind.STRATEGY_KIND_FASTEST,
  sticky: StrategyKind.STRATEGY_KIND_STICKY,
  round_robin: StrategyKind.STRATEGY_KIND_ROUND_ROBIN,
  consistent_hash: StrategyKind.STRATEGY_KIND_CONSISTENT_HASH,
  cheapest: StrategyKind.STRATEGY_KIND_CHEAPEST,
  auction: StrategyKind.STRATEGY_KIND_AUCTION,
};

export function poolSettingsOf(pool: PoolMessage, namespace: string): Partial<PoolSettings> {
  const { strategy, weights, ageingMs, maxQueued, maxAgents, doubling, preemption } = pool;
  return {
    strategy: strategyNamed(nameOf(strategy?.kind), strategy?.weights),
    weights,
    ageingMs,
    queuedMax: maxQueued,
    agentsMax: maxAgents,
    adaptiveConcurrency: pool.adaptiveConcurrency,
    breakAfterFailures: pool.breakAfterFailures,
    suspicionThreshold: pool.suspicionThreshold,
    sleepAfterMs: pool.sleepAfterMs,
    admits: pool.admits.includes("*") ? undefined : new Set([namespace, ...pool.admits]),
    ...(doubling && { doubling }),
    ...(preemption && { preemption }),
  };
}

/** The strategy of a pool, in its word. */
export function strategyWordOf(pool: Pick<PoolMessage, "strategy"> | undefined): StrategyName {
  return nameOf(pool?.strategy?.kind);
}

function nameOf(kind: StrategyKind | undefined): StrategyName {
  return strategyNames.find((name) => strategyKinds[name] === kind) ?? "least_loaded";
}
