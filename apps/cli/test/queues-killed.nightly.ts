/**
 * Backlogs of real queues are moved while the command and the platform are killed, and while workers of the queue run.
 * Each message has either a worker or a run: none is lost, and none has both.
 */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { deflateSync } from "node:zlib";
import { until } from "@tutti/kernel/testing";
import { FlowProducer, Queue, Worker } from "bullmq";
import pg from "pg";
import { password as redisPassword } from "../../../tools/redis.mjs";
import { exitCodes } from "../src/command/exit-codes.ts";
import { workspaceFolder } from "./support/command.ts";
import { commandWithQueues, queuesSkip } from "./support/queues.ts";

/** As Celery 5.6.3 wrote them to Redis 7.0. */
const recorded: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL("./support/celery-messages.json", import.meta.url), "utf8"),
);
const count = 400;

describe("adopt queue across kills", { skip: queuesSkip }, () => {
  const queues = commandWithQueues();
  const { at, environment, closing, start, adopted, stateOf, runsOf, listedOf } = queues;

  /** Kills the command, starts it again, and kills the platform under it. Resolves when all is moved. */
  const movedUnderKills = async (line: string, waiting: () => Promise<number>) => {
    const first = start(line);
    await until("a part is moved", async () => (await waiting()) <= count - 100);
    first.signal("SIGKILL");
    await first.ended;
    const second = start(line);
    const rest = await waiting();
    await until("more is moved", async () => (await waiting()) < rest - 100);
    await at.platform.kill("SIGKILL");
    await at.platform.start();
    let { exitCode, output, errors } = await second.ended;
    // A command that finds no platform for a while ends and says so. A user runs it again.
    while (exitCode === exitCodes.unreachable) ({ exitCode, output, errors } = await start(line).ended);
    assert.equal(exitCode, 0, output + errors);
  };

  it("bullmq: each job has a run or a worker, never both", async () => {
    const connection = {
      host: "127.0.0.1",
      port: Number(new URL(environment["SHOP_REDIS"] ?? "").port),
      password: redisPassword,
    };
    const queue = new Queue("mail", { connection });
    const flows = new FlowProducer({ connection });
    closing.unshift(
      () => queue.close(),
      () => flows.close(),
    );
    const all = Array.from({ length: count }, (_, n) => ({ name: "send", data: { n } }));
    const jobs = await queue.addBulk(all);
    await queue.add("send", { n: "first" }, { priority: 5 });
    await queue.add("later", { n: "late" }, { delay: 3_600_000, jobId: "late" });
    await queue.add("send", { n: "once" }, { jobId: "once", deduplication: { id: "once" } });
    await queue.upsertJobScheduler("nightly", { pattern: "0 3 * * *" }, { name: "send", data: {} });
    await flows.add({
      name: "send",
      queueName: "mail",
      data: {},
      children: [{ name: "send", queueName: "mail", data: {} }],
    });
    await queue.add("unknown", {});

    const line = lineOfGuide("adopt queue bullmq mail");
    const preview = await adopted(`${line} --dry-run`);
    const remaining = [
      ["the job is part of a flow", 1],
      ["no workflow for `unknown`", 1],
      ["the job is the next one of a job scheduler. Create a schedule", 1],
      ["the job waits for its children", 1],
    ];
    const remainingOf = ({ left }: { left: readonly { reason: string; count: number }[] }) =>
      left.map(({ reason, count: many }) => [reason, many]);
    assert.deepEqual([preview.moved, remainingOf(preview)], [count + 3, remaining]);

    const worked = new Set<string>();
    const worker = new Worker("mail", async ({ id = "", name }) => void (name === "send" && worked.add(id)), {
      ...{ connection, limiter: { max: 1, duration: 100 } },
    });
    closing.unshift(() => worker.close(true));
    await until("the worker has some", () => worked.size >= 5);
    await movedUnderKills(line, () => queues.redis.llen("bull:mail:wait"));
    await worker.close();

    const ids = [...jobs.map(({ id = "" }) => id), "once", "late"];
    const unworked = ids.filter((id) => !worked.has(id));
    // The list has runs of other jobs too.
    const listed = await until(
      "a run of each job that no worker had",
      () => listedOf("mail-"),
      (found) => unworked.every((id) => found.includes(id)),
    );
    const started = new Set(listed);
    assert.deepEqual(
      ids.filter((id) => worked.has(id) === started.has(id)),
      [],
    );
    assert.ok(worked.size >= 5 && started.size > 0, `${worked.size} and ${started.size}`);
    assert.deepEqual(await queues.redis.hgetall("bull:mail:tutti"), {});
    assert.deepEqual(await stateOf("mail-late"), ["pending", { n: "late" }]);
    // Moved jobs are deleted, and jobs can be added again. The worker keeps its completed jobs.
    const moved = ids.filter((id) => started.has(id));
    const marks = started.has("once") ? ["bull:mail:de:once"] : [];
    assert.equal(await queues.redis.exists(...marks, ...moved.map((id) => `bull:mail:${id}`)), 0);
  });

  it("celery: each supported message starts one run", async () => {
    const ids = Array.from({ length: count }, () => randomUUID());
    const message = (name: string, id: string) => {
      const read = JSON.parse(recorded[name] ?? "");
      return JSON.stringify({ ...read, headers: { ...read.headers, id } });
    };
    await queues.redis.lpush("celery", ...ids.map((id) => message("plain", id)));
    for (const name of ["eta", "zlib", "expires", "chain", "pickle"])
      await queues.redis.lpush("celery", recorded[name] ?? "");
    await queues.redis.lpush("celery\u0006\u00163", recorded["priority"] ?? "");
    await queues.redis.lpush("celery", "no message");
    const packed = JSON.parse(recorded["zlib"] ?? "");
    const bomb = deflateSync(Buffer.alloc(64 * 1024 * 1024, " ")).toString("base64");
    await queues.redis.lpush(
      "celery",
      JSON.stringify({ ...packed, headers: { ...packed.headers, id: randomUUID() }, body: bomb }),
    );

    const line = lineOfGuide("adopt queue celery celery");
    await movedUnderKills(line, () => queues.redis.llen("celery"));
    const idOf = (name: string) => JSON.parse(recorded[name] ?? "").headers.id;
    const started = await runsOf("celery-", count + 3);
    assert.deepEqual([...started].sort(), [...ids, ...["eta", "zlib", "priority"].map(idOf)].sort());
    const inputs = ["zlib", "priority", "eta"].map(
      async (name) => (await stateOf(`celery-${idOf(name)}`))[1],
    );
    assert.deepEqual(await Promise.all(inputs), [
      { args: ["z"], kwargs: {} },
      { args: ["ann"], kwargs: { subject: "Hä" } },
      { args: ["eve"], kwargs: {} },
    ]);
    const second = await adopted(line);
    assert.deepEqual(
      [second.moved, second.left.map(({ reason }: { reason: string }) => reason).sort()],
      [
        0,
        [
          "the message cannot be read",
          "the message has a time of expiry",
          "the message is application/x-python-serialize and not JSON",
          "the task calls others: a chain, chord or callback",
        ],
      ],
    );
    assert.equal(await queues.redis.llen("celery"), 5);
  });

  it("postgres: each row has a run or a worker, never both", async () => {
    await queues.database.query(
      `CREATE TABLE jobs (id bigserial PRIMARY KEY, kind text, payload jsonb, run_at timestamptz, state text DEFAULT 'queued')`,
    );
    await queues.database.query(
      `INSERT INTO jobs (kind, payload, run_at) SELECT 'mail', jsonb_build_object('n', n), now() FROM generate_series(1, ${count}) n`,
    );
    await queues.database.query(
      `INSERT INTO jobs (kind, payload, run_at) VALUES ('mail', '{"n": "late"}', now() + interval '1 h')`,
    );
    await queues.database.query(`INSERT INTO jobs (kind, payload) VALUES ('unknown', '{}')`);
    const line = lineOfGuide("adopt queue postgres jobs");
    const waiting = async () =>
      Number((await queues.database.query("SELECT count(*) FROM jobs WHERE state = 'queued'")).rows[0].count);
    let isOver = false;
    const worked = new Set<string>();
    const working = (async () => {
      const client = new pg.Client({ connectionString: environment["SHOP_DB"] });
      await client.connect();
      while (!isOver) {
        const { rows } = await client.query(`UPDATE jobs SET state = 'done' WHERE id = (SELECT id FROM jobs
          WHERE state = 'queued' AND kind = 'mail' AND run_at <= now() ORDER BY random() LIMIT 1 FOR UPDATE SKIP LOCKED) RETURNING id, pg_sleep(0.01)`);
        for (const { id } of rows) worked.add(String(id));
      }
      await client.end();
    })();
    await until("the worker has some", () => worked.size >= 5);
    await movedUnderKills(line, waiting);
    isOver = true;
    await working;
    const started = new Set(await runsOf("jobs-", count + 1 - worked.size));
    const ids = Array.from({ length: count + 1 }, (_, at) => String(at + 1));
    assert.deepEqual(
      ids.filter((id) => worked.has(id) === started.has(id)),
      [],
    );
    assert.ok(started.size > 0, String(started.size));
    const states = await queues.database.query(
      "SELECT state, count(*)::int FROM jobs GROUP BY state ORDER BY state",
    );
    assert.deepEqual(
      states.rows.map(({ state, count: many }) => [state, many]),
      [
        ["done", worked.size],
        ["moved", started.size],
        ["queued", 1],
      ],
    );
    assert.deepEqual(await stateOf(`jobs-${count + 1}`), ["pending", { n: "late" }]);
  });
});

/** Returns the last line of the guide with this start. Users copy the line, and the test runs it. */
function lineOfGuide(start: string): string {
  const guide = readFileSync(join(workspaceFolder, "docs/guides/queues.md"), "utf8");
  const prefix = "$ npx tutti ";
  const found = guide.split("\n").findLast((line) => line.startsWith(prefix + start));
  assert.ok(found, start);
  return found.slice(prefix.length);
}
