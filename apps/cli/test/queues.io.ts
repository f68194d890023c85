/**
 * Sources of all kinds post events, as files describe them. Backlogs of real queues are moved while the command and the
 * platform are killed, and while workers of the queue run.
 *
 * Each message of a backlog has either a worker or a run: none is lost, and none has both.
 */
import assert from "node:assert/strict";
import { createHash, randomUUID } from "node:crypto";
import { readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { deflateSync } from "node:zlib";
import { until } from "@tutti/kernel/testing";
import { FlowProducer, Queue, Worker } from "bullmq";
import { Redis } from "ioredis";
import pg from "pg";
import { startPostgres } from "../../../tools/postgres.mjs";
import { needsProgram } from "../../../tools/programs.mjs";
import { rabbitSkip } from "../../../tools/rabbitmq.mjs";
import { password as redisPassword, startRedis } from "../../../tools/redis.mjs";
import { exitCodes } from "../src/command/exit-codes.ts";
import { commandAtWork } from "./support/at-work.ts";
import { workspaceFolder } from "./support/command.ts";
import {
  channelSystem,
  listSystem,
  outboxSystem,
  startSystems,
  streamSystem,
  writeSources,
} from "./support/source-systems.ts";

const [redisServer, postgres] = [await needsProgram("redis-server"), await needsProgram("postgres")];
const skip = redisServer.skip || postgres.skip;
const others = await Promise.all(
  ["nats-server", "dovecot", "sshd", "rabbitmqctl", "prometheus", "python3-kafka"].map(needsProgram),
);
const [, dovecot, sshd, rabbitmqctl, prometheus, kafka] = others;
/** As Celery 5.6.3 wrote them to Redis 7.0. */
const recorded: Readonly<Record<string, string>> = JSON.parse(
  readFileSync(new URL("./support/celery-messages.json", import.meta.url), "utf8"),
);
const count = 400;
const workflow = (name: string) =>
  `workflow: ${name}\ntasks: {pause: {wait: 1ms}}\noutput: "\${{ input }}"\n`;

describe("adopt queue", { skip }, () => {
  const at = commandAtWork({
    files: { "mail.yaml": workflow("send-mail"), "report.yaml": workflow("report") },
    registered: "mail.yaml report.yaml",
  });
  let redis: Redis;
  let database: pg.Client;
  const closing: (() => Promise<unknown>)[] = [];
  const environment: Record<string, string> = {};

  before(async () => {
    const [server, other] = await Promise.all([startRedis(redisServer.path), startPostgres(postgres.path)]);
    closing.push(
      () => server[Symbol.asyncDispose](),
      () => other[Symbol.asyncDispose]?.() ?? Promise.resolve(),
    );
    Object.assign(environment, { SHOP_REDIS: server.url, SHOP_DB: other.url });
    redis = new Redis(server.url, { maxRetriesPerRequest: null });
    database = new pg.Client({ connectionString: other.url });
    await database.connect();
    closing.unshift(
      async () => redis.disconnect(),
      () => database.end(),
    );
    // The clients of the systems come from the project in the folder of the command.
    symlinkSync(join(workspaceFolder, "node_modules"), join(at.command.folder, "node_modules"));
  });
  after(async () => {
    for (const close of closing) await close();
  });

  const start = (line: string) =>
    at.command.start([...splitLine(line), "--server", at.platform.url], { environment });
  const adopted = async (line: string) => {
    const { output, errors, exitCode } = await start(`${line} --json`).ended;
    assert.notEqual(output, "", errors);
    return { exitCode, ...JSON.parse(output) };
  };
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
  const stateOf = async (id: string): Promise<readonly unknown[]> => {
    const { run } = await at.json(`show ${id}`);
    return [run.status, run.spec.input];
  };
  /** After a restart of the platform, the list is still filled. */
  const runsOf = (prefix: string, countMin: number): Promise<readonly string[]> =>
    until(
      `${countMin} runs`,
      () => listedOf(prefix),
      ({ length }) => length >= countMin,
    );
  const listedOf = async (prefix: string): Promise<readonly string[]> => {
    const { runs } = await at.json("list --all");
    return runs
      .map(({ runId }: { runId: string }) => runId)
      .filter((id: string) => id.startsWith(prefix))
      .map((id: string) => id.slice(prefix.length));
  };

  it("source run: a file of each kind posts one event for each message", {
    skip: others.find((program) => program.skip !== false)?.skip || rabbitSkip,
  }, async () => {
    const programs = {
      dovecot: dovecot?.path ?? "",
      sshd: sshd?.path ?? "",
      rabbitmqctl: rabbitmqctl?.path ?? "",
      "python3-kafka": kafka?.path ?? "",
      prometheus: prometheus?.path ?? "",
    };
    const started = await startSystems(join(at.command.folder, "systems"), programs);
    const systems = [
      ...started,
      outboxSystem(database),
      streamSystem(redis),
      listSystem(redis),
      channelSystem(redis),
    ];
    closing.unshift(
      ...started.map(
        ({ close }) =>
          async () =>
            close?.(),
      ),
    );
    for (const system of systems) Object.assign(environment, system.environment);
    const names = writeSources(at.command.folder, systems);
    const files = names.map((name) => `${name}.yaml`).join(" ");
    for (const { prepare } of systems) await prepare?.();
    const checked = await start(`source check ${files}`).ended;
    assert.equal(checked.exitCode, 0, checked.output + checked.errors);
    const trigger =
      'trigger: sources\nworkflow: report\nevent: source.*\nwith: {data: "${{ event.data }}"}\nrun: "${{ event.type }}"\n';
    writeFileSync(join(at.command.folder, "sources.yaml"), trigger);
    await at.printed("apply sources.yaml");
    const running = start(`source run ${files} --json`);
    closing.unshift(async () => running.signal("SIGKILL"));
    for (const { ready, deliver } of systems) {
      await ready?.();
      await deliver();
    }
    for (const [at, { event }] of systems.entries()) {
      const [, { data }] = (await until(`the run of ${names[at]}`, () =>
        stateOf(`source.${names[at]}`).catch(() => undefined),
      )) as readonly [string, { data: Record<string, unknown> }];
      const found = Object.fromEntries(Object.keys(event.data).map((key) => [key, data[key]]));
      assert.deepEqual(found, event.data, names[at]);
    }
    running.signal("SIGINT");
    const { output, errors, exitCode } = await running.ended;
    assert.equal(exitCode, 0, errors);
    const posted = output
      .trim()
      .split("\n")
      .map((line) => JSON.parse(line));
    assert.deepEqual(posted.map(({ type }) => type).sort(), names.map((name) => `source.${name}`).sort());
    for (const [at, { event }] of systems.entries())
      if (event.subject !== undefined)
        assert.equal(posted.find(({ type }) => type === `source.${names[at]}`)?.subject, event.subject);
  });

  it("bullmq: each job has a run or a worker, never both, across kills of command and platform", async () => {
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
    await movedUnderKills(line, () => redis.llen("bull:mail:wait"));
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
    assert.deepEqual(await redis.hgetall("bull:mail:tutti"), {});
    assert.deepEqual(await stateOf("mail-late"), ["pending", { n: "late" }]);
    // Moved jobs are deleted, and jobs can be added again. The worker keeps its completed jobs.
    const moved = ids.filter((id) => started.has(id));
    const marks = started.has("once") ? ["bull:mail:de:once"] : [];
    assert.equal(await redis.exists(...marks, ...moved.map((id) => `bull:mail:${id}`)), 0);
  });

  it("celery: each supported message starts one run, across kills of command and platform", async () => {
    const ids = Array.from({ length: count }, () => randomUUID());
    const message = (name: string, id: string) => {
      const read = JSON.parse(recorded[name] ?? "");
      return JSON.stringify({ ...read, headers: { ...read.headers, id } });
    };
    await redis.lpush("celery", ...ids.map((id) => message("plain", id)));
    for (const name of ["eta", "zlib", "expires", "chain", "pickle"])
      await redis.lpush("celery", recorded[name] ?? "");
    await redis.lpush("celery\u0006\u00163", recorded["priority"] ?? "");
    await redis.lpush("celery", "no message");
    const packed = JSON.parse(recorded["zlib"] ?? "");
    const bomb = deflateSync(Buffer.alloc(64 * 1024 * 1024, " ")).toString("base64");
    await redis.lpush(
      "celery",
      JSON.stringify({ ...packed, headers: { ...packed.headers, id: randomUUID() }, body: bomb }),
    );

    const line = lineOfGuide("adopt queue celery celery");
    await movedUnderKills(line, () => redis.llen("celery"));
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
    assert.equal(await redis.llen("celery"), 5);
  });

  it("postgres: each row has a run or a worker, never both, across kills of command and platform", async () => {
    await database.query(
      `CREATE TABLE jobs (id bigserial PRIMARY KEY, kind text, payload jsonb, run_at timestamptz, state text DEFAULT 'queued')`,
    );
    await database.query(
      `INSERT INTO jobs (kind, payload, run_at) SELECT 'mail', jsonb_build_object('n', n), now() FROM generate_series(1, ${count}) n`,
    );
    await database.query(
      `INSERT INTO jobs (kind, payload, run_at) VALUES ('mail', '{"n": "late"}', now() + interval '1 h')`,
    );
    await database.query(`INSERT INTO jobs (kind, payload) VALUES ('unknown', '{}')`);
    const line = lineOfGuide("adopt queue postgres jobs");
    const waiting = async () =>
      Number((await database.query("SELECT count(*) FROM jobs WHERE state = 'queued'")).rows[0].count);
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
    const states = await database.query(
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

  it("keeps messages that cannot start a run, with the reason, and retries them", async () => {
    await database.query("CREATE TABLE reports (id text PRIMARY KEY, n numeric, big bigint)");
    await database.query(
      "INSERT INTO reports VALUES ('a', 1, 9007199254740993), ('b', 2, 2), ('order:3', 3, 3)",
    );
    const line = "adopt queue postgres reports report --connection env:SHOP_DB";
    const strict = "input: {schema: {type: object, properties: {n: {const: 1}}}}\n";
    writeFileSync(join(at.command.folder, "report.yaml"), `${workflow("report")}${strict}`);
    await at.printed("workflow register report.yaml");
    const first = await adopted(line);
    assert.deepEqual([first.exitCode, first.moved, first.failed.length], [1, 1, 2]);
    for (const { reason } of first.failed) assert.match(reason, /schema/);
    assert.deepEqual((await stateOf("reports-a"))[1], { id: "a", n: 1, big: "9007199254740993" });
    const { rows } = await database.query(
      "SELECT id, failure, started_at FROM tutti_adopted WHERE queue = 'reports' ORDER BY id",
    );
    assert.deepEqual(
      rows.map(({ id, failure, started_at: at }) => [id, failure === null, at === null]),
      [
        ["a", true, false],
        ["b", false, true],
        ["order:3", false, true],
      ],
    );
    writeFileSync(join(at.command.folder, "report.yaml"), workflow("report"));
    await at.printed("workflow register report.yaml");
    const second = await start(line).ended;
    assert.equal(second.exitCode, 0, second.output);
    assert.match(second.output, /2 messages moved\s+report: 2 runs/);
    // A run id allows fewer characters than the id of a message.
    const hashed = createHash("sha256").update("order:3").digest("hex").slice(0, 32);
    assert.deepEqual([...(await runsOf("reports-", 3))].sort(), ["a", "b", hashed].sort());
  });

  it("postgres: moves more bytes than an answer may have, and leaves a row that is too large", async () => {
    await database.query("CREATE TABLE scans (id text PRIMARY KEY, image text)");
    await database.query(
      "INSERT INTO scans SELECT n::text, repeat('x', 900000) FROM generate_series(1, 20) n UNION ALL SELECT 'large', repeat('x', 20000000)",
    );
    const line = "adopt queue postgres scans report --connection env:SHOP_DB";
    for (const option of [" --dry-run", ""]) {
      const { moved, left } = await adopted(`${line}${option}`);
      assert.equal(moved, 20);
      assert.deepEqual(left, [{ reason: "the row has more than 8388608 bytes", count: 1 }]);
    }
    assert.equal((await runsOf("scans-", 20)).length, 20);
    assert.deepEqual((await database.query("SELECT id FROM scans")).rows, [{ id: "large" }]);
  });

  it("waits for a database that is down at the start, and refuses a wrong password at once", async () => {
    await using server = await startPostgres(postgres.path);
    const client = new pg.Client({ connectionString: server.url });
    await client.connect();
    await client.query("CREATE TABLE late AS SELECT 7 AS id");
    await client.end();
    await server.kill();
    const withUrl = (line: string, url: string) =>
      at.command.start([...splitLine(line), "--server", at.platform.url], { environment: { SHOP_DB: url } });
    const line = "adopt queue postgres late report --connection env:SHOP_DB";
    const waiting = [withUrl(line, server.url), withUrl(`${line} --dry-run`, server.url)];
    for (const each of waiting) await each.untilPrinted(/interrupted and retries: .*no server\s+listens/);
    await server.up();
    const [moved, counted] = await Promise.all(waiting.map(({ ended }) => ended));
    assert.deepEqual([moved?.exitCode, counted?.exitCode], [0, 0], moved?.errors);
    assert.match(moved?.output ?? "", /^1 message moved/);
    assert.equal((await stateOf("late-7"))[0], "completed");
    const refused = await withUrl(line, server.url.replace(/:[^:@]*@/, ":wrong@")).ended;
    assert.equal(refused.exitCode, 3, refused.errors);
    assert.match(refused.errors, /is not signed in/);
  });

  it("refuses invalid arguments before it moves a message", async () => {
    const refused = async (line: string, pattern: RegExp, exitCode: number) => {
      const ended = await start(line).ended;
      assert.match(ended.errors, pattern);
      assert.equal(ended.exitCode, exitCode, line);
    };
    const tail = "--connection env:SHOP_DB";
    await refused(`adopt queue kafka jobs report ${tail}`, /Kinds: bullmq, celery, postgres/, 2);
    await refused("adopt queue postgres jobs report --connection postgres://a:b@c/d", /env:SHOP_REDIS/, 2);
    await refused(
      "adopt queue postgres jobs report --connection env:NOTHING",
      /`env:NOTHING` has no value/,
      2,
    );
    await refused(`adopt queue postgres jobs nothing ${tail}`, /`nothing` not found/, 3);
    await refused(`adopt queue postgres nothing report ${tail}`, /nothing.*does not exist/, 3);
    await refused(`adopt queue bullmq jobs report ${tail}`, /has no URL such as\s+redis:/, 3);
    await refused(
      `adopt queue postgres jobs report ${tail} --column a=b`,
      /expected id, input, name or time/,
      2,
    );
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

function splitLine(line: string): string[] {
  return [...line.matchAll(/"([^"]*)"|'([^']*)'|(\S+)/g)].map(
    ([, double, single, plain]) => double ?? single ?? plain ?? "",
  );
}
