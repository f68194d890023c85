/**
 * An outbox of PostgreSQL under kills of the worker, the platform and the database. The worker starts its runs and
 * executes their tasks.
 *
 * 1. Each row starts one run. None is lost, none starts twice.
 * 2. The task of a run writes once, and so does its result.
 * 3. A row that cannot start has the reason, and stops no other row.
 * 4. All this is also true if the database fails over to its standby while a batch is open. The primary waits for its
 *    standby at each commit, so the standby has all committed rows.
 * 5. If the primary does not wait, the standby lacks the last commits. The lost rows have runs, and the effects of these
 *    runs are not repeated. A new row with the id of a lost one gets its run, or the reason if its input differs.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { until } from "@tutti/kernel/testing";
import { freePort } from "@tutti/nats/testing";
import { postgresOutbox } from "@tutti/sdk/adapters";
import { connect, type Tutti } from "@tutti/sdk/client";
import { Client } from "pg";
import { startPostgres, startStandby } from "../../../../tools/postgres.mjs";
import { needsProgram } from "../../../../tools/programs.mjs";
import { TestProcess } from "../support/process.ts";
import { type Folder, makeFolder, type Service, start } from "../support/services.ts";

const worker = fileURLToPath(new URL("../programs/outbox-worker.ts", import.meta.url));
const source = `
workflow: order
input: {schema: {type: object}}
tasks: {add: {uses: shop.add-order, with: {row: "\${{ input.row }}"}}}
output: "\${{ tasks.add.output[0] }}"
`;
const counts = `
workflow: counts
tasks: {count: {uses: shop-outbox.status}}
output: "\${{ tasks.count.output }}"
`;
const tables = `
CREATE TABLE outbox (id bigserial PRIMARY KEY, fits boolean NOT NULL DEFAULT true, started_at timestamptz, failure text,
  finished_at timestamptz);
CREATE TABLE orders (id bigserial PRIMARY KEY, row bigint NOT NULL);
CREATE TABLE results (row bigint NOT NULL, status text NOT NULL, output jsonb);
CREATE FUNCTION announce() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN NOTIFY outbox; RETURN NULL; END';
CREATE TRIGGER announce AFTER INSERT ON outbox FOR EACH STATEMENT EXECUTE FUNCTION announce();
`;

export interface OutboxLoad {
  readonly rows: number;
  /** Processes that are killed one after the other, while rows are processed. */
  readonly kills: readonly ("worker" | "platform" | "database" | "failover")[];
}

export async function describeOutbox({ rows, kills }: OutboxLoad): Promise<void> {
  const program = await needsProgram("postgres");
  describe("an outbox of PostgreSQL", { skip: program.skip }, () => {
    let folder: Folder;
    let platform: Service;
    let database: Awaited<ReturnType<typeof startPostgres>>;
    let standby: typeof database | undefined;
    const failsOver = kills.includes("failover");
    let tutti: Tutti;
    let working: TestProcess | undefined;
    let workers = 0;
    let address = "";

    const launchPlatform = () =>
      start("platform", [`--platform.dataDirectory=${folder.path}`, `--mesh.listen=${address}`]);
    const launchWorker = () =>
      new TestProcess({
        program: worker,
        arguments: [address, `shop-${++workers}`],
        environment: { SHOP_DB: urlOf() },
      });
    /** Returns the URL of both servers, in the form of libpq. */
    const urlOf = () =>
      standby === undefined
        ? database.url
        : database.url.replace(
            /@([^/]+)(\/.*)$/,
            `@$1,127.0.0.1:${standby.port}$2?target_session_attrs=read-write`,
          );
    const insert = (count: number) =>
      query(`INSERT INTO outbox (fits) SELECT true FROM generate_series(1, ${count})`);
    /** Kills the primary while a transaction has outbox rows whose starts the platform has not acknowledged. */
    const failOver = async (more: number) => {
      if (standby === undefined) throw new Error("expected a standby");
      platform.signal("SIGSTOP");
      await insert(more);
      await until("a batch is open", () =>
        count(`pg_stat_activity WHERE application_name = 'tutti shop-outbox' AND state = 'idle in transaction'
          AND query LIKE '%FOR UPDATE SKIP LOCKED%'`),
      );
      await database.kill();
      platform.signal("SIGCONT");
      await database[Symbol.asyncDispose]();
      database = standby;
      assert.equal(await count("outbox WHERE started_at IS NULL"), more, "the open batch has marked no row");
      await query("SELECT pg_promote()");
    };
    const query = async (sql: string): Promise<Readonly<Record<string, unknown>>> => {
      const client = new Client(database.url);
      client.on("error", () => {});
      try {
        await client.connect();
        // Several statements have a list of results.
        return [await client.query(sql)].flat().at(-1)?.rows[0] ?? {};
      } finally {
        await client.end().catch(() => {});
      }
    };
    const count = async (sql: string) => Number((await query(`SELECT count(*) AS n FROM ${sql}`))["n"]);
    const maxId = async () => Number((await query("SELECT max(id) AS id FROM outbox"))["id"]);
    /** Waits for this number of rows. Fails only if none is added while `until` waits, so that slow machines pass. */
    const untilCount = async (sql: string, enough: number) => {
      let current = await count(sql);
      while (current < enough)
        current = await until(`more than ${current} of ${enough} ${sql}`, async () => {
          const now = await count(sql);
          return now > current ? now : undefined;
        });
    };

    before(async () => {
      folder = await makeFolder();
      address = `127.0.0.1:${await freePort()}`;
      const settings = failsOver ? ["synchronous_standby_names=*"] : [];
      [database, platform] = await Promise.all([startPostgres(program.path, settings), launchPlatform()]);
      if (failsOver) standby = await startStandby(database);
      tutti = await connect({ address });
      await tutti.workflows.register(source);
      await tutti.workflows.register(counts);
      await tutti.workflows.register(
        '{"workflow": "echo", "tasks": {"echo": {"set": "${{ input }}"}}, "output": "${{ input }}"}',
      );
      await query(tables);
    });
    after(async () => {
      await tutti?.close();
      await working?.kill();
      await platform?.stop();
      await database?.[Symbol.asyncDispose]();
      if (standby !== database) await standby?.[Symbol.asyncDispose]();
      await folder?.[Symbol.asyncDispose]();
    });

    it(`${rows} rows start ${rows} runs, each once, and have one result each, across ${kills.length} kills`, async () => {
      working = launchWorker();
      await working.wrote(/linked/);
      const later = failsOver ? Math.floor(rows / 2) : 0;
      await insert(rows - later);
      for (const [index, victim] of kills.entries()) {
        const enough = Math.floor(((rows - later) * (index + 1)) / (kills.length + 1));
        await untilCount("results", enough);
        if (victim === "worker") {
          await working.kill();
          working = launchWorker();
        } else if (victim === "platform") {
          await platform.kill();
          platform = await launchPlatform();
        } else if (victim === "failover") await failOver(later);
        else {
          await database.kill();
          await database.up();
        }
      }
      await untilCount("outbox WHERE finished_at IS NOT NULL", rows);
      const found = await query(`SELECT
        (SELECT count(*) FROM outbox WHERE failure IS NOT NULL)::int AS failed,
        (SELECT count(*) FROM orders)::int AS orders, (SELECT count(DISTINCT row) FROM orders)::int AS ordered,
        (SELECT count(*) FROM results WHERE status = 'completed')::int AS results,
        (SELECT count(DISTINCT row) FROM results)::int AS resulted`);
      const all = { orders: rows, ordered: rows, results: rows, resulted: rows };
      assert.deepEqual(found, { failed: 0, ...all });
      let runs = 0;
      for await (const { runId } of tutti.runs.list({ definition: "order" })) {
        assert.match(runId, /^shop-outbox-\d+$/);
        runs++;
      }
      assert.equal(runs, rows);
    });

    it("a row that cannot start has the reason, and stops no other row", async () => {
      await query("INSERT INTO outbox (fits) VALUES (false), (true)");
      const { id } = await until("the row is refused", async () => {
        const row = await query("SELECT id, failure FROM outbox WHERE NOT fits AND failure IS NOT NULL");
        return row["id"] === undefined ? undefined : row;
      });
      await until("the other row has its result", async () => (await count("results")) === rows + 1);
      const status = await tutti.execute("counts");
      assert.deepEqual(status, { pending: 0, running: 0, failed: 1 });
      await query(`UPDATE outbox SET fits = true, failure = NULL WHERE id = ${id}; NOTIFY outbox`);
      await until("the corrected row has its result", async () => (await count("results")) === rows + 2);
      working?.signal("SIGTERM");
      assert.equal((await working?.waitForExit())?.code, 0, working?.output);
    });

    if (failsOver)
      it("repeats no run after a failover that lost commits, and reports rows that no longer match their run", async () => {
        // The promoted server does not wait for a standby.
        standby = await startStandby(database);
        working = launchWorker();
        await working.wrote(/linked/);
        await standby.kill();
        const known = await maxId();
        await insert(2);
        const lost = await maxId();
        await until("the rows have results", async () => {
          const open = await count("outbox WHERE finished_at IS NULL");
          return open === 0 && (await count(`orders WHERE row > ${known}`)) === 2;
        });
        await database.kill();
        await database[Symbol.asyncDispose]();
        database = standby;
        await database.up();
        await query("SELECT pg_promote()");
        const tables = ["outbox WHERE id", "orders WHERE row", "results WHERE row"];
        for (const rows of tables) assert.equal(await count(`${rows} > ${known}`), 0, rows);
        assert.notEqual(await tutti.runs.get(`shop-outbox-${lost}`).result(), undefined);

        await query(`INSERT INTO outbox (id, fits) VALUES (${lost}, true), (${lost - 1}, false)`);
        await until(
          "both are handled",
          async () =>
            (await count(
              `outbox WHERE id > ${known} AND (finished_at IS NOT NULL OR failure IS NOT NULL)`,
            )) === 2,
        );
        const found = await query(`SELECT
          (SELECT failure FROM outbox WHERE id = ${lost}) AS failure,
          (SELECT failure FROM outbox WHERE id = ${lost - 1}) AS reason,
          (SELECT count(*) FROM results WHERE row = ${lost})::int AS results,
          (SELECT count(*) FROM orders WHERE row > ${known})::int AS orders`);
        assert.deepEqual({ ...found, reason: "" }, { failure: null, reason: "", results: 1, orders: 0 });
        assert.match(String(found["reason"]), /input/);
        await working.kill();
      });

    it("deletes rows if configured, finds rows without NOTIFY, and fails at once on errors that no retry fixes", async () => {
      process.env["OUTBOX_TEST_DB"] = database.url;
      const common = { name: "gone", url: "env:OUTBOX_TEST_DB", table: "gone", pollMs: 20 } as const;
      const outbox = postgresOutbox({
        ...{ ...common, afterStart: "delete" },
        start: ({ input }) => ({ workflow: "echo", input }),
      });
      const check = {
        idempotencyKey: "k",
        signal: new AbortController().signal,
        secret: async () => database.url,
      };
      await assert.rejects(outbox.check(check), {
        code: "adapter.refused",
        message: /"gone" does not exist/,
      });
      await assert.rejects(outbox.run({ tutti }), { code: "adapter.refused" });
      await query("CREATE TABLE gone (id text PRIMARY KEY, input jsonb, failure text)");
      await outbox.check(check);
      const stop = new AbortController();
      const running = outbox.run({ tutti, signal: stop.signal });
      await query("INSERT INTO gone VALUES ('a', '{\"n\": 1}'), ('not an id', NULL)");
      await until("the rows are handled", async () => (await count("gone WHERE failure IS NULL")) === 0);
      assert.equal(await count("gone"), 1);
      assert.deepEqual(await tutti.runs.get("gone-a").result(), { n: 1 });
      stop.abort();
      await running;
      delete process.env["OUTBOX_TEST_DB"];
      assert.throws(
        () =>
          postgresOutbox({
            ...common,
            afterStart: "delete",
            start: () => ({ workflow: "echo" }),
            result: "SELECT 1",
          }),
        {
          code: "adapter.invalid",
        },
      );
    });
  });
}
