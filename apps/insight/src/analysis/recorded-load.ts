/** Reads the recorded load of pools. Runs in the process of queries. */
import { type LoadFact, loadStepMs } from "@tutti/analysis";
import { openToRead } from "../facts/open-to-read.ts";

export interface LoadAsked {
  readonly file: string;
  readonly namespace: string;
  /** Empty for all pools. */
  readonly pool: string;
  readonly fromMs: number;
  readonly toMs: number;
}

export interface PoolLoad {
  readonly pool: string;
  readonly facts: readonly LoadFact[];
  /** Of the agents that had work in the last day of the span. */
  readonly slots: number;
  readonly agents: number;
}

const poolsMax = 100;
const dayMs = 86_400_000;

export function loadRecorded({ file, namespace, pool, fromMs, toMs }: LoadAsked): readonly PoolLoad[] {
  const database = openToRead(file);
  try {
    const named = { namespace, pool, fromMs, toMs };
    const steps = database
      .prepare(
        `SELECT pool, CAST(ready_at / ${loadStepMs} AS INTEGER) AS step, COUNT(*) AS starts, SUM(held_ms) AS held
         FROM placement
         WHERE pool_namespace = :namespace AND (:pool = '' OR pool = :pool)
           AND ready_at >= :fromMs AND ready_at < :toMs
         GROUP BY pool, step ORDER BY pool, step`,
      )
      .all(named);
    const agents = database
      .prepare(
        `SELECT pool, COUNT(*) AS agents, SUM(slots) AS slots FROM
           (SELECT pool, agent, MAX(slots) AS slots FROM placement
            WHERE pool_namespace = :namespace AND (:pool = '' OR pool = :pool)
              AND ready_at >= :sinceMs AND ready_at < :toMs
            GROUP BY pool, agent)
         GROUP BY pool`,
      )
      .all({ namespace, pool, toMs, sinceMs: toMs - dayMs });
    const now = new Map(agents.map((row) => [String(row["pool"]), row]));
    return [...Map.groupBy(steps, (row) => String(row["pool"]))].slice(0, poolsMax).map(([name, rows]) => ({
      pool: name,
      facts: rows.map(({ step, starts, held }) => ({
        timeMs: Number(step) * loadStepMs,
        starts: Number(starts),
        heldMs: Number(held),
      })),
      slots: Number(now.get(name)?.["slots"] ?? 0),
      agents: Number(now.get(name)?.["agents"] ?? 0),
    }));
  } finally {
    database.close();
  }
}
