/** The effective configuration of a pool: its stored settings, then the defaults of the configuration. */
import { type Pool as PoolMessage, Pool as poolMessage, StrategyKind } from "@tutti/contracts/swarm/v1";
import type { PoolView } from "@tutti/machine-entities/pool";
import { type PoolSettings, strategyKinds } from "@tutti/matching";
import type { SwarmSettings } from "../configuration.ts";

/** Returns a pool that was never created. */
export function configuredPool({ pool, links }: SwarmSettings): PoolMessage {
  const {
    strategy,
    auction,
    ageingMs,
    queuedMax,
    agentsMax,
    adaptiveConcurrency,
    breakAfterFailures,
    doubling,
    preemption,
  } = pool;
  return {
    ...poolMessage.create(),
    strategy: { kind: strategyKinds[strategy], weights: strategy === "auction" ? { ...auction } : {} },
    admits: [...pool.admits],
    ageingMs,
    maxQueued: queuedMax,
    maxAgents: agentsMax,
    adaptiveConcurrency,
    breakAfterFailures,
    doubling: { ...doubling },
    preemption: { ...preemption },
    suspicionThreshold: links.suspicionThreshold,
  };
}

/** Returns a pool with its settings. Unset fields are those of a pool that was never created. */
export function effectivePool(
  { settings }: Pick<PoolView, "settings">,
  configured: PoolMessage,
): PoolMessage {
  if (settings === undefined) return configured;
  const pool = settings.value as PoolMessage;
  const { strategy, doubling } = pool;
  const hasStrategy = strategy !== undefined && strategy.kind !== StrategyKind.STRATEGY_KIND_UNSPECIFIED;
  return {
    ...pool,
    strategy: hasStrategy ? strategy : configured.strategy,
    ageingMs: pool.ageingMs || configured.ageingMs,
    maxQueued: pool.maxQueued || configured.maxQueued,
    maxAgents: pool.maxAgents || configured.maxAgents,
    breakAfterFailures: pool.breakAfterFailures || configured.breakAfterFailures,
    doubling:
      doubling === undefined
        ? configured.doubling
        : { ...doubling, quantile: doubling.quantile || 0.95, maxShare: doubling.maxShare || 0.1 },
    preemption: pool.preemption ?? configured.preemption,
    suspicionThreshold: pool.suspicionThreshold || configured.suspicionThreshold,
  };
}

/** Returns the configured settings that all pools have. */
export function commonSettings({ pool, links }: SwarmSettings): Partial<PoolSettings> {
  const { heartbeatMs, suspectMs, leaseMs, resumeWindowMs } = links;
  const { window, claimMs, gangHoldMs } = pool;
  return { window, claimMs, gangHoldMs, heartbeatMs, suspectMs, leaseMs, resumeWindowMs };
}
