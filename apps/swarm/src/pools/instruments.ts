import type { PoolStatus } from "@tutti/contracts/swarm/v1";
import type { Metrics } from "@tutti/kernel";
import type { Pool } from "@tutti/matching";

/** Maximum age of a shown number. */
const freshMs = 500;

export interface PoolInstruments {
  turned(assigned: number, durationMs: number): void;
}

/** Metrics of all pools of this process together: names of pools are chosen by users and unlimited. */
export function poolInstruments(
  metrics: Metrics,
  pools: () => readonly Pool[],
  now: () => number,
): PoolInstruments {
  const assigned = metrics
    .counter({ name: "tutti_swarm_assignments_total", help: "Tasks assigned to agents." })
    .with({});
  const turns = metrics
    .histogram({
      name: "tutti_swarm_turn_seconds",
      help: "Duration of a pool turn.",
      buckets: [0.0001, 0.0005, 0.001, 0.005, 0.02, 0.1],
    })
    .with({});
  const read = remembered(pools, now);
  const sum = (of: (status: PoolStatus) => number) => () =>
    read().reduce((total, status) => total + of(status), 0);
  const tasks = metrics.gauge({
    name: "tutti_swarm_tasks",
    help: "Tasks in pools by state.",
    labels: ["state"],
  });
  tasks.observe(
    { state: "queued" },
    sum(({ queued }) => queued),
  );
  tasks.observe(
    { state: "running" },
    sum(({ running }) => running),
  );
  const agents = metrics.gauge({
    name: "tutti_swarm_agents",
    help: "Agents in pools, by state.",
    labels: ["state"],
  });
  for (const state of ["starting", "ready", "busy", "draining", "asleep", "suspect", "held"] as const)
    agents.observe(
      { state },
      sum(({ agents }) => agents?.[state] ?? 0),
    );
  return {
    turned(count, durationMs) {
      if (count > 0) assigned.add(count);
      turns.observe(durationMs / 1_000);
    },
  };
}

/** Reads the status of each pool once for all gauges that are read at the same time. */
function remembered(pools: () => readonly Pool[], now: () => number): () => readonly PoolStatus[] {
  let requestedMs = Number.NEGATIVE_INFINITY;
  let known: readonly PoolStatus[] = [];
  return () => {
    const nowMs = now();
    if (nowMs - requestedMs < freshMs) return known;
    requestedMs = nowMs;
    known = pools().map((pool) => pool.status(nowMs));
    return known;
  };
}
