/** Sources of all kinds post events, as files describe them. Backlogs of real queues are moved in. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import pg from "pg";
import { startPostgres } from "../../../tools/postgres.mjs";
import { needsProgram } from "../../../tools/programs.mjs";
import { rabbitSkip } from "../../../tools/rabbitmq.mjs";
import { commandWithQueues, postgres, queuesSkip, splitLine, workflowText } from "./support/queues.ts";
import {
  channelSystem,
  listSystem,
  outboxSystem,
  startSystems,
  streamSystem,
  writeSources,
} from "./support/source-systems.ts";

const others = await Promise.all(
  ["nats-server", "dovecot", "sshd", "rabbitmqctl", "prometheus", "python3-kafka"].map(needsProgram),
);
const [, dovecot, sshd, rabbitmqctl, prometheus, kafka] = others;

describe("adopt queue", { skip: queuesSkip }, () => {
  const queues = commandWithQueues();
  const { at, environment, closing, start, adopted, stateOf, runsOf } = queues;

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
      outboxSystem(queues.database),
      streamSystem(queues.redis),
      listSystem(queues.redis),
      channelSystem(queues.redis),
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

  it("keeps messages that cannot start a run, with the reason, and retries them", async () => {
    await queues.database.query("CREATE TABLE reports (id text PRIMARY KEY, n numeric, big bigint)");
    await queues.database.query(
      "INSERT INTO reports VALUES ('a', 1, 9007199254740993), ('b', 2, 2), ('order:3', 3, 3)",
    );
    const line = "adopt queue postgres reports report --connection env:SHOP_DB";
    const strict = "input: {schema: {type: object, properties: {n: {const: 1}}}}\n";
    writeFileSync(join(at.command.folder, "report.yaml"), `${workflowText("report")}${strict}`);
    await at.printed("workflow register report.yaml");
    const first = await adopted(line);
    assert.deepEqual([first.exitCode, first.moved, first.failed.length], [1, 1, 2]);
    for (const { reason } of first.failed) assert.match(reason, /schema/);
    assert.deepEqual((await stateOf("reports-a"))[1], { id: "a", n: 1, big: "9007199254740993" });
    const { rows } = await queues.database.query(
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
    writeFileSync(join(at.command.folder, "report.yaml"), workflowText("report"));
    await at.printed("workflow register report.yaml");
    const second = await start(line).ended;
    assert.equal(second.exitCode, 0, second.output);
    assert.match(second.output, /2 messages moved\s+report: 2 runs/);
    // A run id allows fewer characters than the id of a message.
    const hashed = createHash("sha256").update("order:3").digest("hex").slice(0, 32);
    assert.deepEqual([...(await runsOf("reports-", 3))].sort(), ["a", "b", hashed].sort());
  });

  it("postgres: moves more bytes than an answer may have, and leaves a row that is too large", async () => {
    await queues.database.query("CREATE TABLE scans (id text PRIMARY KEY, image text)");
    await queues.database.query(
      "INSERT INTO scans SELECT n::text, repeat('x', 900000) FROM generate_series(1, 20) n UNION ALL SELECT 'large', repeat('x', 20000000)",
    );
    const line = "adopt queue postgres scans report --connection env:SHOP_DB";
    for (const option of [" --dry-run", ""]) {
      const { moved, left } = await adopted(`${line}${option}`);
      assert.equal(moved, 20);
      assert.deepEqual(left, [{ reason: "the row has more than 8388608 bytes", count: 1 }]);
    }
    assert.equal((await runsOf("scans-", 20)).length, 20);
    assert.deepEqual((await queues.database.query("SELECT id FROM scans")).rows, [{ id: "large" }]);
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
