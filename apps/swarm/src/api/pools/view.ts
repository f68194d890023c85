import type { Pool as PoolView } from "@tutti/contracts/swarm/v1";
import { toTimestamp } from "@tutti/kernel";
import type { PoolTime } from "../../pools/pool-time.ts";
import type { Tenant } from "../../pools/tenant.ts";

/** Returns the view of a pool. */
export function viewOf({ pool, settings, contents }: Tenant, now: PoolTime): PoolView {
  const { settings: stored, pause } = contents;
  const { slowUntilMs } = pause;
  const nowMs = now();
  return {
    ...settings,
    namespace: pool.namespace,
    pool: pool.name,
    paused: pause.paused,
    pauseReason: pause.reason,
    slowStartEndTime: slowUntilMs > nowMs ? toTimestamp(slowUntilMs) : undefined,
    status: pool.status(nowMs),
    createTime: stored && toTimestamp(stored.createMs),
    updateTime: stored && toTimestamp(stored.updateMs),
    // Only read.
    updateCause: stored?.cause as PoolView["updateCause"],
    // A pool that was never created gets its settings by the first update.
    revision: String(stored?.revision ?? 0),
  };
}
