import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { inspect } from "node:util";
import { isTuttiError } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { createDevelopmentCertificates } from "@tutti/mesh";
import { type AdapterCall, adapterProblems, postgresAdapter, postgresOutbox } from "@tutti/sdk/adapters";
import { Client } from "pg";
import { password, startPostgres } from "../../../../../tools/postgres.mjs";
import { needsProgram } from "../../../../../tools/programs.mjs";
import { failureDetail } from "../../task/failure.ts";

const program = await needsProgram("postgres");
const dayMs = 86_400_000;
const longAgoMs = 400 * dayMs;

describe("a PostgreSQL adapter", { skip: program.skip }, () => {
  let server: Awaited<ReturnType<typeof startPostgres>>;
  let other: Client;
  let folder: string;
  const secrets = new Map<string, string>();
  const url = "env:SHOP_DB" as const;
  const adapter = postgresAdapter({
    ...{ name: "shop", url, rowsMax: 3, connectionsMax: 2 },
    operations: {
      query: {},
      execute: { writes: true },
      add: { sql: "INSERT INTO orders (article, about) VALUES (:article, :about::jsonb) RETURNING id" },
      find: { sql: "SELECT article, about FROM orders WHERE article = ANY(:articles) AND ':no' = ':no'" },
      wrong: { sql: "SELECT count(*) FROM orders FOR UPDATE" },
    },
  });
  /** Like a task, its method `secret` needs `this`. */
  class Task implements AdapterCall {
    readonly idempotencyKey = "run-1/add";
    readonly signal = new AbortController().signal;
    readonly #known = secrets;
    async secret(reference: string): Promise<string> {
      return this.#known.get(reference) ?? "";
    }
  }
  const call = (more: Partial<AdapterCall> = {}): AdapterCall => Object.assign(new Task(), more);
  const run = async (name: string, input: Record<string, unknown>, more: Partial<AdapterCall> = {}) =>
    adapter.operations[name]?.call(input, call(more));
  const counted = async (sql: string) => Number((await other.query(sql)).rows[0]?.n);

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), "tutti-certificates-"));
    const clock = { now: () => Date.now() - longAgoMs, monotonic: () => performance.now() };
    const { ca, services } = await createDevelopmentCertificates({
      ...{ directory: folder, services: ["db"], clock },
    });
    const [cert, key] = [services["db"]?.cert ?? "", services["db"]?.key ?? ""];
    server = await startPostgres(program.path, ["ssl=on", "max_connections=20"], {
      "server.crt": readFileSync(cert, "utf8"),
      "server.key": readFileSync(key, "utf8"),
    });
    secrets.set(url, server.url);
    secrets.set("file:ca", ca);
    other = new Client(server.url);
    other.on("error", () => {});
    await other.connect();
    await other.query("CREATE TABLE orders (id bigserial PRIMARY KEY, article text UNIQUE, about jsonb)");
  });
  after(async () => {
    adapter.close?.();
    await other?.end().catch(() => {});
    await server?.[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true });
  });

  it("writes once for each task, also if two attempts run at once", async () => {
    const input = { article: "violin", about: [1, { by: "ann" }] };
    const both = await Promise.all([run("add", input), run("add", input)]);
    assert.deepEqual(both, [[{ id: 1 }], [{ id: 1 }]]);
    assert.deepEqual(await run("add", input), [{ id: 1 }]);
    assert.deepEqual(await run("find", { articles: ["viola", "violin"] }), [input]);
    await assert.rejects(run("add", input, { idempotencyKey: "run-2/add" }), {
      code: "adapter.refused",
      message: /orders_article_key.*23505/,
    });
    // A refused write has no effect, so the same key may be used again.
    const viola = { article: "viola", about: null };
    assert.deepEqual(await run("add", viola, { idempotencyKey: "run-2/add" }), [{ id: 3 }]);
    const quotes = {
      sql: "INSERT INTO orders (article) VALUES (:article) RETURNING article",
      values: { article: "\\'; $1" },
    };
    for (let attempt = 0; attempt < 2; attempt++)
      assert.deepEqual(await run("execute", quotes, { idempotencyKey: "'\\" }), [quotes.values]);
    const sql = "UPDATE orders SET about = '1' WHERE article = :article";
    const values = { article: "viola" };
    assert.deepEqual(await run("execute", { sql, values }), { changes: 1 });
  });

  it("reads in a transaction that cannot write, and binds values", async () => {
    const article = "x'; DROP TABLE orders; --";
    assert.deepEqual(await run("find", { articles: [article] }), []);
    await assert.rejects(run("query", { sql: "DELETE FROM orders" }), {
      code: "adapter.refused",
      message: /set `writes: true`/,
    });
    await assert.rejects(run("query", { sql: "COMMIT; DELETE FROM orders" }), { code: "adapter.refused" });
    await assert.rejects(run("query", { sql: "SELECT :a" }), { code: "adapter.input_invalid" });
    assert.equal(await counted("SELECT count(*) AS n FROM orders"), 3);
  });

  it("returns values as JSON without loss", async () => {
    const sql = `SELECT 9007199254740993 AS big, 2::int8 AS small, 1.10::numeric AS exact, true AS yes,
      '2026-11-26'::date AS day, timestamptz '2026-11-26 02:17:43.123456+00' AT TIME ZONE 'UTC' AS local,
      timestamptz '2026-11-26 02:17:43.123456+00' AS time, '\\x00ff'::bytea AS bytes, ARRAY[1.10, NULL] AS list,
      NULL::text AS none, ARRAY['2026-11-26'::date] AS days`;
    await other.query("ALTER ROLE postgres SET timezone = 'UTC'");
    adapter.close?.();
    assert.deepEqual(await run("query", { sql }), [
      {
        ...{ big: "9007199254740993", small: 2, exact: "1.10", yes: true, day: "2026-11-26" },
        ...{ local: "2026-11-26T02:17:43.123456", time: "2026-11-26T02:17:43.123456+00:00" },
        ...{ bytes: "AP8=", list: ["1.10", null], none: null, days: ["2026-11-26"] },
      },
    ]);
  });

  it("bounds rows and bytes, and uses its connections again", async () => {
    const numbers = (most: number) =>
      run("query", { sql: "SELECT x FROM generate_series(1, :most::int) x", values: { most } });
    for (let time = 0; time < 3; time++)
      await assert.rejects(numbers(100_000), { code: "adapter.answer_unreadable", message: /3 rows/ });
    assert.deepEqual(await numbers(3), [{ x: 1 }, { x: 2 }, { x: 3 }]);
    await assert.rejects(run("query", { sql: "SELECT repeat('x', 20000000) AS x" }), {
      code: "adapter.answer_unreadable",
      message: /bytes/,
    });
  });

  it("ends a statement at the server, when the task is cancelled and when its time is over", async () => {
    const sql = "SELECT pg_sleep(600) AS slow";
    const running =
      "SELECT count(*) AS n FROM pg_stat_activity WHERE query LIKE '%AS slow' AND state = 'active'";
    const task = new AbortController();
    const slow = run("query", { sql }, { signal: task.signal });
    await until("the statement runs", async () => (await counted(running)) === 1);
    task.abort(new Error("cancelled"));
    await assert.rejects(slow, /cancelled/);
    await until("the statement has ended", async () => (await counted(running)) === 0);
    await assert.rejects(run("query", { sql }, { remainingMs: 20 }), {
      code: "adapter.failed",
      message: /statement timeout/,
    });
    assert.deepEqual(await run("query", { sql: "SHOW statement_timeout" }), [{ statement_timeout: "0" }]);
  });

  it("reports why a connection fails, without the password", async () => {
    const at = (change: (url: URL) => void, name = "shop") => {
      const changed = new URL(server.url);
      change(changed);
      const reference = `env:${secrets.size}` as const;
      secrets.set(reference, changed.href);
      return postgresAdapter({ name, url: reference, connectMs: 2_000 });
    };
    const cases: readonly [ReturnType<typeof at>, string, RegExp][] = [
      [
        at((to) => (to.hostname = "nowhere.invalid")),
        "adapter.unreachable",
        /host `nowhere.invalid` is unknown/,
      ],
      [at((to) => (to.port = "1")), "adapter.unreachable", /no server listens at 127.0.0.1:1/],
      [
        at((to) => (to.password = "open-sesame")),
        "adapter.not_signed_in",
        /authentication failed .*"postgres"/,
      ],
      [at((to) => (to.username = "nobody")), "adapter.not_signed_in", /"nobody"/],
      [at((to) => (to.pathname = "/lost")), "adapter.refused", /database "lost" does not exist/],
      [
        at((to) => (to.search = `?sslmode=verify-full&sslrootcert=${secrets.get("file:ca")}`)),
        "adapter.unreachable",
        /certificate of 127.0.0.1:\d+ has expired/,
      ],
      [postgresAdapter({ name: "shop", url: "env:NONE" }), "adapter.invalid", /no connection string/],
      [adapter, "adapter.refused", /aggregate/],
    ];
    for (const [wrong, code, message] of cases) {
      const error = await wrong.check(call()).then(
        () => undefined,
        (failure: unknown) => failure,
      );
      assert.ok(isTuttiError(error), `expected ${code}`);
      assert.equal(error.code, code, error.message);
      assert.match(error.message, message);
      const printed = inspect(error, { depth: 20, showHidden: true }) + JSON.stringify(failureDetail(error));
      assert.doesNotMatch(printed, new RegExp(`${password}|open-sesame`));
      if (wrong !== adapter) wrong.close?.();
    }
    assert.throws(
      () => postgresAdapter({ name: "shop", url: server.url as "env:X" }),
      (error: Error) => {
        assert.doesNotMatch(inspect(error, { depth: 20, showHidden: true }), new RegExp(password));
        return /expected a reference such as `env:SHOP_DB`/.test(error.message);
      },
    );
  });

  it("the check names the operation, and says what to do about a refusal", async () => {
    await other.query(`
      CREATE ROLE reader LOGIN PASSWORD 'reader';
      CREATE TABLE notes (id int, body text);
      GRANT SELECT ON notes TO reader;
    `);
    const clerk = new URL(server.url);
    [clerk.username, clerk.password] = ["reader", "reader"];
    secrets.set("env:CLERK", clerk.href);
    const bare = new URL(clerk);
    bare.password = "";
    secrets.set("env:BARE", bare.href);
    const check = async (sql: string, writes = false, reference: "env:CLERK" | "env:BARE" = "env:CLERK") => {
      const checked = postgresAdapter({ name: "clerk", url: reference, operations: { a: { sql, writes } } });
      // The second check has the connection of the first one.
      for (let count = 0; count < 2; count++)
        try {
          await checked.check(call());
        } catch (error) {
          if (count === 1) throw error;
        }
      checked.close?.();
    };
    for (const allowed of [
      "SELECT * FROM notes WHERE id = :id",
      "SELECT 1 / :by::int",
      "SHOW timezone",
      "-- Lists\nSELECT 1",
    ])
      await check(allowed);
    for (const [sql, message] of [
      ["SELECT * FROM orders WHERE id = :id", /`clerk\.a`.*\(42501\)\. Grant the right to the role/],
      ["DELETE FROM notes WHERE id = :id", /`clerk\.a`.*permission denied for table notes/],
      ["SELECT * FROM order", /\(42601\)\. Correct the statement/],
      ["SELEC 1", /"SELEC" \(42601\)\. Correct the statement/],
      ["SELECT * FROM note", /`clerk\.a`.*"note".*\. Correct the name of the table, or create the table/],
      ["SELECT text FROM notes", /"text" does not exist \(42703\)\. Correct the name of the column/],
    ] as const)
      await assert.rejects(check(sql), { code: "adapter.refused", message });
    await assert.rejects(check("INSERT INTO notes VALUES (1)", true), { message: /Create it as the owner/ });
    await assert.rejects(check("SELECT 1", false, "env:BARE"), {
      code: "adapter.not_signed_in",
      message: /the connection string has no password/,
    });
    // Without `sql`, an operation would run the statements of its input.
    const misspelled = { name: "shop", url, operations: { find: { sqll: "SELECT 1" } } };
    assert.throws(() => postgresAdapter(misspelled as never), /`shop\.find` has no option `sqll`/);
    assert.throws(
      () => postgresAdapter({ name: "shop", url, operation: {} } as never),
      /Did you mean `operations`/,
    );
    const unknown = { name: "rows", url, table: "notes", start: () => ({ workflow: "w" }) };
    assert.throws(() => postgresOutbox({ ...unknown, result: "UPDATE orders SET state = :state" }), {
      code: "adapter.invalid",
      message: /`result` has the parameter :state/,
    });
    assert.throws(
      () => postgresOutbox({ ...unknown, afterstart: "delete" } as never),
      /has no option `afterstart`/,
    );
    await assert.rejects(postgresOutbox(unknown).check(call()), {
      code: "adapter.refused",
      message: /`rows`.*"started_at" does not exist \(42703\)\. .*add the column/,
    });
  });

  it("does not repeat the password if the server does", async () => {
    const sql = `SELECT 'it is ${password}'::int`;
    await assert.rejects(run("execute", { sql }, { idempotencyKey: "run-3/leak" }), {
      message: /it is \[redacted\]/,
    });
  });

  it("uses a changed secret, and continues after a restart of the server", async () => {
    await other.query("CREATE ROLE clerk LOGIN PASSWORD 'clerk'");
    const before = secrets.get(url) ?? "";
    secrets.set(url, before.replace(`postgres:${password}`, "clerk:clerk"));
    assert.deepEqual(await run("query", { sql: "SELECT current_user AS me" }), [{ me: "clerk" }]);
    await assert.rejects(postgresAdapter({ name: "clerk", url }).check(call()), {
      code: "adapter.refused",
      message: /may not create, or not use, the table of calls/,
    });
    secrets.set(url, before);
    await run("query", { sql: "SELECT 1 AS one" });
    await server.kill();
    await assert.rejects(run("query", { sql: "SELECT 1 AS one" }), { code: "adapter.unreachable" });
    await server.up();
    await until("it is back", () => run("query", { sql: "SELECT 1 AS one" }).then(Boolean, () => false));
  });

  it("follows the adapter rules", async () => {
    const reader = new Client(server.url);
    reader.on("error", () => {});
    await reader.connect();
    const effects = async () =>
      Number((await reader.query("SELECT count(*) AS n FROM orders WHERE article = 'bow'")).rows[0]?.n);
    let lastCount = 0;
    const samples = {
      add: {
        input: { article: "bow", about: null },
        effects: async () => (lastCount = await effects().catch(() => lastCount)),
      },
      find: { input: { articles: ["bow"] } },
      query: { input: { sql: "SELECT 1 AS one" } },
    };
    const { wrong: _, ...operations } = adapter.operations;
    const sound = postgresAdapter({ name: "sound", url });
    const checked = { ...adapter, operations, check: sound.check };
    assert.deepEqual(
      await adapterProblems(checked, { samples, secret: () => server.url, disconnect: () => server.kill() }),
      [],
    );
    await reader.end().catch(() => {});
  });
});
