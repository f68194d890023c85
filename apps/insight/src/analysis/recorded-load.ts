/** Reads the recorded load of pools. Runs in the process of queries. */
import type { DatabaseSync } from "node:sqlite";
import { type LoadFact, loadStepMs } from "@tutti/analysis";
import { openToRead } from "../facts/open-to-read.ts";

export interface LoadQuery {
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
  /** Slots of the connected agents. If there are none, of the agents that had tasks in the last day of the span. */
  readonly slots: number;
  readonly agents: number;
}

const poolsMax = 100;
const dayMs = 86_400_000;
/** An agent counts as gone if the last heartbeat is this much older than the latest one, as in a replay. */
const disconnectedAfterMs = 90_000;

export function loadRecorded({ file, namespace, pool, fromMs, toMs }: LoadQuery): readonly PoolLoad[] {
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
    // A pool without connected agents uses those of the last day, because a scaler starts them again.
    const now = new Map([...placedAgents(database, named), ...presentAgents(database, named)]);
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

type Named = Pick<LoadQuery, "namespace" | "pool" | "toMs">;
type Present = readonly [pool: string, row: Readonly<Record<string, unknown>>];

/** Returns the agents that had tasks in the last day. */
function placedAgents(database: DatabaseSync, { namespace, pool, toMs }: Named): Present[] {
  return database
    .prepare(
      `SELECT pool, COUNT(*) AS agents, SUM(slots) AS slots FROM
         (SELECT pool, agent, MAX(slots) AS slots FROM placement
          WHERE pool_namespace = :namespace AND (:pool = '' OR pool = :pool)
            AND ready_at >= :sinceMs AND ready_at < :toMs
          GROUP BY pool, agent)
       GROUP BY pool`,
    )
    .all({ namespace, pool, toMs, sinceMs: toMs - dayMs })
    .map((row) => [String(row["pool"]), row]);
}

/** Returns the agents that are connected by the latest round of facts. */
function presentAgents(database: DatabaseSync, { namespace, pool }: Named): Present[] {
  const rows = database
    .prepare(
      `SELECT pool, slots, heard FROM agent
       WHERE namespace = :namespace AND (:pool = '' OR pool = :pool) AND state <> 'gone' AND heard IS NOT NULL`,
    )
    .all({ namespace, pool });
  const heartbeatMs = (row: (typeof rows)[number]) =>
    Date.parse(`${String(row["heard"]).replace(" ", "T")}Z`);
  const latestMs = Math.max(...rows.map(heartbeatMs));
  const present = rows.filter((row) => heartbeatMs(row) >= latestMs - disconnectedAfterMs);
  return [...Map.groupBy(present, (row) => String(row["pool"]))].map(([name, own]) => [
    name,
    { agents: own.length, slots: own.reduce((sum, row) => sum + Number(row["slots"]), 0) },
  ]);
}
