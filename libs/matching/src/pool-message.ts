/** Reads the configuration of a pool from its message. */
import {
  type Pool as PoolMessage,
  StrategyKind,
  type Strategy as StrategyMessage,
} from "@tutti/contracts/swarm/v1";
import type { PoolSettings } from "./api/pool.ts";
import { auctionIn, auctionText, weightVariants } from "./strategies/auction.ts";
import { isStrategyName, type StrategyName, strategyNamed, strategyNames } from "./strategies/strategies.ts";

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

/** Returns the strategy of a pool by its name. */
export function strategyNameOf(pool: Pick<PoolMessage, "strategy"> | undefined): StrategyName {
  return nameOf(pool?.strategy?.kind);
}

/** Returns the strategy with its weights, if it has any: `fastest`, `auction(load=2)`. */
export function strategyTextOf(pool: Pick<PoolMessage, "strategy"> | undefined): string {
  const name = strategyNameOf(pool);
  return name === "auction" ? auctionText(pool?.strategy?.weights ?? {}) : name;
}

/** Returns the strategy of such a text, or undefined. Without weights, those of the pool stay. */
export function strategyIn(
  text: string,
  pool: Pick<PoolMessage, "strategy"> | undefined,
): StrategyMessage | undefined {
  const weights = auctionIn(text);
  if (weights !== undefined) return { kind: strategyKinds.auction, weights: { ...weights } };
  return isStrategyName(text)
    ? { kind: strategyKinds[text], weights: pool?.strategy?.weights ?? {} }
    : undefined;
}

/** Returns all strategies that a pool could have instead: every other, and auctions with other weights. */
export function otherStrategies(pool: Pick<PoolMessage, "strategy">): readonly StrategyMessage[] {
  const weights = pool.strategy?.weights ?? {};
  const own = strategyTextOf(pool);
  const variants = strategyNameOf(pool) === "auction" ? weightVariants(weights) : [];
  return [
    ...strategyNames.map((name) => ({ kind: strategyKinds[name], weights })),
    ...variants.map((each) => ({ kind: strategyKinds.auction, weights: { ...each } })),
  ].filter((strategy) => strategyTextOf({ strategy }) !== own);
}

function nameOf(kind: StrategyKind | undefined): StrategyName {
  return strategyNames.find((name) => strategyKinds[name] === kind) ?? "least_loaded";
}
