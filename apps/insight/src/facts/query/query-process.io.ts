import assert from "node:assert/strict";
import { mkdtempDisposable } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { systemTimers } from "@tutti/kernel";
import { FactStore } from "../fact-store.ts";
import { QueryProcess } from "./query-process.ts";

describe("the process that answers queries", () => {
  it("exits with a query that exceeds its time, and answers the next query", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "tutti-facts-"));
    const file = join(folder.path, "facts.sqlite");
    new FactStore(file).close();
    const queries = new QueryProcess(systemTimers, { timeMaxMs: 3_000, waitingMax: 2 });
    const query = (sql: string) => queries.query({ file, namespace: "default", sql, rowsMax: 10 });
    try {
      const ofDeath =
        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n) SELECT count(*) FROM n";
      // The second one waits for the first, and its time starts after it.
      const [first, second, third] = await Promise.allSettled([
        query(ofDeath),
        query("SELECT 1"),
        query("SELECT 2"),
      ]);
      assert.equal(first.status === "rejected" && first.reason.code, "insight.query_too_long");
      assert.deepEqual(second.status === "fulfilled" && second.value, {
        columns: ["1"],
        rows: "[[1]]",
        cut: false,
      });
      assert.equal(third.status === "rejected" && third.reason.code, "insight.queries_too_many");
    } finally {
      queries.stop();
    }
  });

  it("limits the size of a value", async () => {
    await using folder = await mkdtempDisposable(join(tmpdir(), "tutti-facts-"));
    const file = join(folder.path, "facts.sqlite");
    new FactStore(file).close();
    const queries = new QueryProcess(systemTimers);
    try {
      const large = `WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 100000)
        SELECT length(group_concat(a.i || '${"x".repeat(4_000)}')) FROM n a`;
      const answer = await queries.query({ file, namespace: "default", sql: large, rowsMax: 10 });
      assert.equal("problem" in answer && answer.isTooMuch, true);
    } finally {
      queries.stop();
    }
  });
});
