import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { it } from "node:test";
import { timeText } from "../facts/tables.ts";
import { analyse } from "./analyse.ts";

it("a label of agents explains failures of the entries of a list", async (t) => {
  const folder = await mkdtemp(join(tmpdir(), "tutti-analyse-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "facts.sqlite");
  const database = new DatabaseSync(file);
  database.exec(`
    CREATE TABLE agent (namespace TEXT, id TEXT, sdk TEXT, offering TEXT);
    CREATE TABLE work (namespace TEXT, id TEXT, kind TEXT, definition TEXT, ended TEXT);
    CREATE TABLE attempt (namespace TEXT, kind TEXT, work_id TEXT, definition TEXT, task TEXT, attempt INTEGER,
      agent TEXT, status TEXT, queued TEXT, ended TEXT, error_code TEXT, is_compensation INTEGER)`);
  const agent = database.prepare("INSERT INTO agent VALUES ('shop', ?, 'typescript', ?)");
  const hosts = ["h1", "h1", "h2", "h2", "h3", "h3"];
  for (const [number, host] of hosts.entries())
    agent.run(`w-${number}`, JSON.stringify({ labels: { host } }));
  const attempt = database.prepare(
    "INSERT INTO attempt VALUES ('shop', 'run', ?, 'order', ?, 1, ?, ?, ?, ?, ?, 0)",
  );
  const startMs = Date.UTC(2026, 0, 5);
  for (let number = 0; number < 120; number++) {
    const worker = number % hosts.length;
    const isBad = hosts[worker] === "h2";
    const times = [startMs + number * 1_000, startMs + number * 1_000 + 500].map((ms) => timeText(ms) ?? "");
    const outcome = [isBad ? "failed" : "completed", ...times, isBad ? "shop.failed" : null] as const;
    // No entry has enough failures of its own.
    attempt.run(`r-${number % 4}`, `ship[${number}]`, `w-${worker}`, ...outcome);
  }
  database.close();
  const { causes } = analyse({
    ...{ file, namespace: "shop", fromMs: startMs, toMs: startMs + 3_600_000, definition: "", work: "" },
    ...{ what: "causes", errorCode: "*", failedWork: "" },
  });
  assert.deepEqual(
    causes.map(({ attribute, value, explained }) => [attribute, value, explained]),
    [["agent label host", "h2", 40]],
  );
});
