import assert from "node:assert/strict";
import { existsSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DatabaseSync } from "node:sqlite";
import { after, describe, it } from "node:test";
import { type AdapterCall, adapterProblems, sqliteAdapter } from "@tutti/sdk/adapters";

describe("an SQLite adapter", () => {
  const folder = mkdtempSync(join(tmpdir(), "tutti-sqlite-"));
  const file = join(folder, "shop.db");
  const other = new DatabaseSync(file);
  other.exec("CREATE TABLE orders (id INTEGER PRIMARY KEY, article TEXT NOT NULL UNIQUE, count INTEGER)");
  const adapter = sqliteAdapter({
    ...{ name: "shop", file, rowsMax: 3, busyMs: 1 },
    operations: {
      add: { sql: "INSERT INTO orders (article, count) VALUES (:article, :count) RETURNING id" },
      find: { sql: "SELECT article, count FROM orders WHERE article = :article AND ':no' = ':no'" },
      numbers: {
        sql: "WITH RECURSIVE n(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM n) SELECT x FROM n LIMIT :most",
      },
    },
  });
  after(() => {
    adapter.close?.();
    other.close();
    rmSync(folder, { recursive: true });
  });
  const call = (key: string): AdapterCall => ({
    ...{ idempotencyKey: key, signal: new AbortController().signal },
    secret: async (reference) => reference,
  });
  const run = async (name: string, input: Record<string, unknown>, key = "k") =>
    adapter.operations[name]?.call(input, call(key));

  it("writes once for each task, and returns the first output to a second attempt", async () => {
    const first = await run("add", { article: "violin", count: 1 }, "run-1/add");
    assert.deepEqual(first, [{ id: 1 }]);
    assert.deepEqual(await run("add", { article: "violin", count: 1 }, "run-1/add"), first);
    assert.deepEqual(await run("find", { article: "violin" }), [{ article: "violin", count: 1 }]);
    await assert.rejects(run("add", { article: "violin", count: 1 }, "run-2/add"), {
      code: "adapter.refused",
      message: /UNIQUE/,
    });
    // A refused write has no effect, so the same key may be used again.
    assert.deepEqual(await run("add", { article: "viola", count: 2 }, "run-2/add"), [{ id: 2 }]);
  });

  it("binds values, so that none becomes a part of a statement", async () => {
    const article = "x'; DROP TABLE orders; --";
    await run("add", { article, count: null }, "run-3/add");
    assert.deepEqual(await run("find", { article }), [{ article, count: null }]);
  });

  it("limits its rows, and a call fails retryably while another connection writes", async () => {
    await assert.rejects(run("numbers", { most: 4 }), { code: "adapter.answer_unreadable" });
    other.exec("BEGIN IMMEDIATE");
    await assert.rejects(run("add", { article: "cello", count: 1 }, "run-4/add"), {
      code: "adapter.failed",
      retry: "same-key",
    });
    other.exec("ROLLBACK");
  });

  it("refuses misspelled options, which would otherwise be ignored", () => {
    const settings = { name: "shop", file };
    assert.throws(() => sqliteAdapter({ ...settings, operations: {}, busyMS: 1 } as never), {
      code: "sdk.option_unknown",
      message: /`sqliteAdapter` has no option `busyMS`\. Did you mean `busyMs`\?/,
    });
    assert.throws(
      () => sqliteAdapter({ ...settings, operations: { x: { sql: "SELECT 1", write: true } } } as never),
      {
        message: /`shop\.x` has no option `write`/,
      },
    );
  });

  it("names the operation in the check: a wrong statement, a file that is no database", async () => {
    const checked = (path: string, sql: string) =>
      sqliteAdapter({ name: "wrong", file: path, operations: { x: { sql } } }).check(call("k"));
    await assert.rejects(checked(file, "SELEKT 1"), {
      code: "adapter.refused",
      message: /`wrong\.x`.*SELEKT/,
    });
    const text = join(folder, "shop.txt");
    writeFileSync(text, "no database");
    await assert.rejects(checked(text, "SELECT 1"), {
      code: "adapter.refused",
      message: /`wrong\.x`.*shop\.txt\)\. Correct `file` of the adapter\.$/,
    });
    await checked(file, "SELECT 1; -- one");
    await assert.rejects(checked(file, "SELECT 1; DELETE FROM orders"), {
      message: /more than one statement/,
    });
    const missing = join(folder, "missing.db");
    await assert.rejects(checked(missing, "SELECT * FROM orders"), {
      code: "adapter.refused",
      message: /no such table: orders \(the file .*missing\.db does not exist\)/,
    });
    await checked(missing, "CREATE TABLE orders (id INTEGER)");
    assert.equal(existsSync(missing), false);
  });

  it("follows the adapter rules", async () => {
    const effects = () =>
      Number(other.prepare("SELECT count(*) AS n FROM orders WHERE article = 'bow'").get()?.["n"]);
    const samples = {
      add: { input: { article: "bow", count: 1 }, effects },
      find: { input: { article: "bow" } },
    };
    assert.deepEqual(await adapterProblems(adapter, { samples }), []);
    const lost = sqliteAdapter({
      name: "lost",
      file: join(folder, "no", "such.db"),
      operations: { x: { sql: "SELECT 1" } },
    });
    await assert.rejects(lost.check(call("k")), { code: "adapter.unreachable" });
  });
});
