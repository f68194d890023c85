import { type Pool as PoolView, Pool as poolMessage, StrategyKind } from "@tutti/contracts/swarm/v1";
import type { Pool } from "@tutti/matching";
import type { Desk } from "../desk.ts";

/** A pool as it is shown. */
export function viewOf({ settings, now }: Pick<Desk, "settings" | "now">, pool: Pool): PoolView {
  const { ageingMs, queuedMax, agentsMax, adaptiveConcurrency } = settings.pool;
  return {
    ...poolMessage.create(),
    namespace: pool.namespace,
    pool: pool.name,
    strategy: { kind: StrategyKind.STRATEGY_KIND_LEAST_LOADED, weights: {} },
    ageingMs,
    maxQueued: queuedMax,
    maxAgents: agentsMax,
    adaptiveConcurrency,
    status: pool.status(now()),
  };
}
