import { type Pool as PoolView, Pool as poolMessage, StrategyKind } from "@tutti/contracts/swarm/v1";
import type { Pool, StrategyName } from "@tutti/matching";
import type { Desk } from "../desk.ts";

const kinds: Readonly<Record<StrategyName, StrategyKind>> = {
  least_loaded: StrategyKind.STRATEGY_KIND_LEAST_LOADED,
  fastest: StrategyKind.STRATEGY_KIND_FASTEST,
  sticky: StrategyKind.STRATEGY_KIND_STICKY,
  round_robin: StrategyKind.STRATEGY_KIND_ROUND_ROBIN,
  consistent_hash: StrategyKind.STRATEGY_KIND_CONSISTENT_HASH,
  cheapest: StrategyKind.STRATEGY_KIND_CHEAPEST,
  auction: StrategyKind.STRATEGY_KIND_AUCTION,
};

/** A pool as it is shown. */
export function viewOf({ settings, now }: Pick<Desk, "settings" | "now">, pool: Pool): PoolView {
  const { ageingMs, queuedMax, agentsMax, adaptiveConcurrency, strategy, auction, doubling, preemption } =
    settings.pool;
  return {
    ...poolMessage.create(),
    namespace: pool.namespace,
    pool: pool.name,
    strategy: { kind: kinds[strategy], weights: strategy === "auction" ? { ...auction } : {} },
    ageingMs,
    maxQueued: queuedMax,
    maxAgents: agentsMax,
    adaptiveConcurrency,
    doubling: { ...doubling },
    preemption: { ...preemption },
    status: pool.status(now()),
  };
}
