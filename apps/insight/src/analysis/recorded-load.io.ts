import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { it } from "node:test";
import { loadStepMs } from "@tutti/analysis";
import { loadRecorded } from "./recorded-load.ts";

it("work of a pool is read in steps of ten minutes, with the slots of the agents that are there", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "tutti-load-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "facts.sqlite");
  const database = new DatabaseSync(file);
  database.exec(
    "CREATE TABLE placement (pool_namespace TEXT, pool TEXT, agent TEXT, slots INTEGER, ready_at REAL, held_ms REAL)",
  );
  database.exec(
    "CREATE TABLE agent (namespace TEXT, pool TEXT, id TEXT, state TEXT, heard TEXT, slots INTEGER)",
  );
  const agent = database.prepare("INSERT INTO agent VALUES ('shop', 'default', ?, ?, ?, ?)");
  agent.run("a", "ready", "2026-01-06 10:00:00.000", 2);
  agent.run("e", "ready", "2026-01-06 10:00:20.000", 1);
  agent.run("b", "gone", "2026-01-06 10:00:00.000", 4);
  agent.run("lost", "ready", "2026-01-06 09:00:00.000", 4);
  const insert = database.prepare("INSERT INTO placement VALUES (?, ?, ?, ?, ?, ?)");
  const day = 86_400_000;
  for (const [pool, agent, slots, readyAt] of [
    ["default", "old", 8, 0],
    ["default", "a", 2, 5 * day],
    ["default", "a", 2, 5 * day + 1_000],
    ["default", "b", 4, 5 * day + loadStepMs],
    ["gpu", "c", 1, 5 * day],
  ] as const)
    insert.run("shop", pool, agent, slots, readyAt, 300);
  insert.run("other", "default", "d", 9, 5 * day, 300);
  database.close();
  const request = { file, namespace: "shop", pool: "default", fromMs: 0, toMs: 6 * day };
  const step = (timeMs: number, starts: number) => ({ timeMs, starts, heldMs: 300 * starts });
  assert.deepEqual(loadRecorded(request), [
    {
      ...{ pool: "default", slots: 3, agents: 2 },
      facts: [step(0, 1), step(5 * day, 2), step(5 * day + loadStepMs, 1)],
    },
  ]);
  assert.deepEqual(
    loadRecorded({ ...request, pool: "" }).map(({ pool, slots }) => [pool, slots]),
    [
      ["default", 3],
      ["gpu", 1],
    ],
  );
});
