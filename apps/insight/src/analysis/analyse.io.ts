import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { it, type TestContext } from "node:test";
import { timeText } from "../facts/tables.ts";
import { analyse } from "./analyse.ts";

interface Recorded {
  readonly workId: string;
  readonly task: string;
  readonly agent: string;
  readonly isBad: boolean;
  readonly inputBytes: number;
}

/** Records attempts of `order`, one per second, and returns the causes of their failures. */
async function causesOf(t: TestContext, recorded: readonly Recorded[], hosts: readonly string[]) {
  const folder = await mkdtemp(join(tmpdir(), "tutti-analyse-"));
  t.after(() => rm(folder, { recursive: true, force: true }));
  const file = join(folder, "facts.sqlite");
  const database = new DatabaseSync(file);
  database.exec(`
    CREATE TABLE agent (namespace TEXT, id TEXT, sdk TEXT, offering TEXT);
    CREATE TABLE work (namespace TEXT, id TEXT, kind TEXT, definition TEXT, ended TEXT);
    CREATE TABLE attempt (namespace TEXT, kind TEXT, work_id TEXT, definition TEXT, task TEXT, attempt INTEGER,
      agent TEXT, status TEXT, queued TEXT, ended TEXT, error_code TEXT, is_compensation INTEGER);
    CREATE TABLE placement (namespace TEXT, kind TEXT, work_id TEXT, task TEXT, attempt INTEGER, ended TEXT,
      input_bytes REAL)`);
  const agent = database.prepare("INSERT INTO agent VALUES ('shop', ?, 'typescript', ?)");
  for (const [number, host] of hosts.entries())
    agent.run(`w-${number}`, JSON.stringify({ labels: { host } }));
  const attempt = database.prepare(
    "INSERT INTO attempt VALUES ('shop', 'run', ?, 'order', ?, 1, ?, ?, ?, ?, ?, 0)",
  );
  const placement = database.prepare("INSERT INTO placement VALUES ('shop', 'run', ?, ?, 1, ?, ?)");
  const startMs = Date.UTC(2026, 0, 5);
  for (const [number, { workId, task, agent, isBad, inputBytes }] of recorded.entries()) {
    const [queued, ended] = [0, 500].map((ms) => timeText(startMs + number * 1_000 + ms) ?? "") as [
      string,
      string,
    ];
    const status = isBad ? "failed" : "completed";
    attempt.run(workId, task, agent, status, queued, ended, isBad ? "shop.failed" : null);
    placement.run(workId, task, ended, inputBytes);
  }
  database.close();
  const { causes } = analyse({
    ...{ file, namespace: "shop", fromMs: startMs, toMs: startMs + 3_600_000, definition: "", work: "" },
    ...{ what: "causes", errorCode: "*", failedWork: "" },
  });
  return causes.map(({ attribute, value, explained, also }) => ({ attribute, value, explained, also }));
}

it("a label of agents explains failures of the entries of a list", async (t) => {
  const hosts = ["h1", "h1", "h2", "h2", "h3", "h3"];
  const recorded = Array.from({ length: 120 }, (_, number) => {
    const worker = number % hosts.length;
    // No entry has enough failures of its own.
    const task = `ship[${number}]`;
    return {
      workId: `r-${number % 4}`,
      task,
      agent: `w-${worker}`,
      isBad: hosts[worker] === "h2",
      inputBytes: 0,
    };
  });
  const causes = await causesOf(t, recorded, hosts);
  assert.deepEqual(causes, [{ attribute: "agent label host", value: "h2", explained: 40, also: [] }]);
});

it("the size of the input explains failures, by the closest bound", async (t) => {
  const recorded = Array.from({ length: 120 }, (_, number) => {
    const isLarge = number % 4 === 0;
    const inputBytes = isLarge ? 70_000 + number : 900 + number;
    return { workId: `r-${number}`, task: "scale", agent: `w-${number % 3}`, isBad: isLarge, inputBytes };
  });
  const causes = await causesOf(t, recorded, ["h1", "h2", "h3"]);
  assert.deepEqual(causes, [{ attribute: "input size", value: "64 KiB or more", explained: 30, also: [] }]);
});
