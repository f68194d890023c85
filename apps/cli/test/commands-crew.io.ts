import assert from "node:assert/strict";
import { symlinkSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { commandAtWork } from "./support/at-work.ts";
import { PollingWorker } from "./support/worker.ts";

describe("the commands for agents and pools", () => {
  const at = commandAtWork({
    handlers: {
      "shop.adapter-check": () => ({ adapter: "shop", kind: "http" }),
      "shop.get-order": () => ({}),
      "bad.get": () => ({}),
      "bad.adapter-check": () => {
        throw new Error("no such host");
      },
    },
  });
  const { tutti, printed, json } = at;

  it("adapters: listed with their operations, checked", async () => {
    await at.listed("adapter list", /shop +1\.0\.0 +1 +1/);
    assert.equal(await printed("adapter list -q"), "bad\nshop\n");
    assert.equal(await printed("adapter list shop -q"), "shop.get-order\n");
    assert.equal(
      await printed("adapter types shop -q"),
      [
        'import { capability } from "@tutti/sdk/workflow";\n',
        "export type GetOrderInput = unknown;",
        "export type GetOrderOutput = unknown;",
        'export const getOrder = capability<GetOrderInput, GetOrderInput, GetOrderOutput>("shop.get-order");\n',
      ].join("\n"),
    );
    assert.match(await printed("adapter check shop"), /"kind": ?"http"/);
    assert.equal((await tutti("adapter check bad")).exitCode, 1);
    assert.match((await tutti("adapter check gone")).errors, /Adapter `gone` not found/);
    assert.match((await tutti("adapter check shp")).errors, /Did you mean `shop`\?/);
  });

  it("adapters: add writes a worker file of each kind", async () => {
    symlinkSync(
      join(import.meta.dirname, "..", "..", "..", "node_modules"),
      join(at.command.folder, "node_modules"),
    );
    for (const kind of [
      "http",
      "graphql",
      "sqlite",
      "postgres",
      "redis",
      "nats",
      "amqp",
      "kafka",
      "smtp",
      "folder",
      "sftp",
      "s3",
      "git",
      "prometheus",
    ]) {
      assert.match(
        await printed(`adapter add ${kind} my-${kind}`),
        new RegExp(`tutti adapter check my-${kind}`),
      );
      const { adapter } = await import(join(at.command.folder, `my-${kind}.ts`));
      assert.deepEqual([adapter.kind, adapter.name], [kind, `my-${kind}`]);
    }
    await printed("adapter add grpc my-grpc");
    await assert.rejects(import(join(at.command.folder, "my-grpc.ts")), { code: "adapter.unreachable" });
    assert.equal((await tutti("adapter add http my-http")).exitCode, 3);
    assert.match((await tutti("adapter add ftp files")).errors, /Kind `ftp` not found/);
    assert.match((await tutti("adapter add http ../x")).errors, /lower-case letters/);
  });

  it("agents: pause, sleep, quarantine, and the release of each", async () => {
    assert.match(await printed("agent pause polling-1 --reason calm"), /✓ polling-1 is paused/);
    assert.match(await printed("agent list"), /‖ paused/);
    assert.match(
      await printed("agent release polling-1"),
      /polling-1 is still paused, .*agent resume polling-1/,
    );
    assert.match(await printed("agent resume polling-1"), /is resumed/);
    assert.match(await printed("agent sleep polling-1 --duration 10m"), /sleeps/);
    assert.match(await printed("agent wake polling-1"), /is awake/);
    assert.match(await printed("agent quarantine polling-1"), /is quarantined/);
    assert.equal((await json("agent release polling-1")).agentId, "polling-1");
    const failed = await tutti("agent drain missing-1 --deadline 1s");
    assert.equal(failed.exitCode, 3);
    assert.match(failed.errors, /missing-1/);
  });

  it("scalers: create, list, show, update, delete", async () => {
    const output = await printed(
      "scaler create crew --max 5 --idle 30s --paused --env MODE=all --window '0 22 * * * to 0 6 * * * = 0..0' --time-zone Europe/Berlin -- node -e 0",
    );
    assert.match(output, /✓ crew created {2}0 to 5 agents/);
    assert.match(await printed("scaler list"), /crew +default +node -e 0 +0\.\.5 +‖ paused/);
    assert.match(await printed("scaler show crew"), /all sleep {2}Europe\/Berlin/);
    assert.doesNotMatch(await printed("scaler show crew"), /forecast/);
    await printed("scaler update crew --forecast");
    assert.match(
      await printed("scaler show crew"),
      /forecast +0 tasks\/s in 1 min.*\n +not used: 0 of 48 hours are observed/,
    );
    assert.match(
      await printed("scaler update crew --min 1 --reason more"),
      /✓ crew updated {2}1 to 5 agents/,
    );
    const { process: program, idleMs } = await json("scaler show crew");
    assert.deepEqual(
      [program.command, program.environment, idleMs],
      [["node", "-e", "0"], { MODE: "all" }, 30_000],
    );
    assert.match(await printed("scaler log crew"), /^$/);
    assert.match(await printed("scaler delete crew --yes"), /✓ crew deleted/);
    assert.equal((await tutti("scaler show crew")).exitCode, 3);
    assert.equal((await tutti("scaler create other")).exitCode, 2);
  });

  it("pools: create, list, show, update, pause, limit, queue, delete", async () => {
    const create = "pool create gpu --strategy fastest --max-queued 5 --weight gold=3 --label team=a";
    assert.match(await printed(create), /gpu created/);
    assert.match(await printed("pool list"), /default +● open[\s\S]*gpu +● open/);
    assert.match(await printed("pool update gpu --description cards --reason named"), /updated/);
    const { description, maxQueued, strategy } = await json("pool show gpu");
    assert.deepEqual([description, maxQueued, strategy.kind], ["cards", 5, "fastest"]);
    assert.match(await printed("pool pause gpu --reason maintenance"), /is paused/);
    assert.match(await printed("pool show gpu"), /‖ paused {2}maintenance/);
    assert.match(await printed("pool resume gpu --slow 10/1s --duration 2m"), /at a slow rate/);
    assert.match(
      await printed("pool limit gpu api --concurrency 2 --rate 100/1m"),
      /api set: 0 queued, 0 running/,
    );
    assert.match(await printed("pool limit gpu"), /api +2 +100 per 1 min/);
    assert.match(await printed("pool limit gpu api --remove --yes"), /removed/);
    assert.match((await tutti("pool limit gpu api")).errors, /Set --concurrency, --rate or --remove/);
    assert.deepEqual((await json("pool queue gpu")).tasks, []);
    assert.match(await printed("pool delete gpu --yes"), /deleted/);
  });

  it("hooks: create, list, show, disable, enable, delete. A task shows their effect", async () => {
    const create =
      "hook create mark before_assign --when 'task.id == \"one\"' --add-label seen=yes --because 'it is first'";
    assert.match(await printed(create), /mark created/);
    assert.match(
      await printed("hook list"),
      /mark +default +before_assign +task\.id == "one" +label seen=yes/,
    );
    assert.match(await printed("hook disable mark"), /is disabled/);
    assert.equal((await json("hook show mark")).disabled, true);
    assert.match(await printed("hook enable mark"), /is enabled/);
    assert.match(await printed("hook delete mark --yes"), /deleted/);
    assert.equal((await tutti("hook create bad before_assign --when task. --set-priority 1")).exitCode, 3);
  });

  it("a version is rolled out over agents by percentage, and back", async () => {
    const versions: string[] = [];
    const workers = [1, 2, 3, 4].flatMap((number) =>
      ["1.0.0", "2.0.0"].map(
        (version) =>
          new PollingWorker(
            at.platform.url,
            { "crew.roll": () => void versions.push(version) },
            `${version[0]}-${number}`,
            version,
          ),
      ),
    );
    await at.listed("agent roll crew.roll@2.0.0 --quiet", /1\.0\.0 50\n2\.0\.0 50/);
    await at.listed("agent roll crew.roll@2.0.0", /2\.0\.0 .*2-1, 2-2, 2-3, 2-4/);
    const rolled = await printed("agent roll crew.roll@2.0.0 --percent 25");
    assert.match(rolled, /1\.0\.0 +75 % +24 +1-1, 1-2, 1-3 +1-4/);
    assert.match(rolled, /2\.0\.0 +25 % +8 +2-1 +2-2, 2-3, 2-4/);
    await at.listed("agent list", /2-4 +‖ paused/);
    await printed("agent roll crew.roll@2.0.0 --percent 100");
    writeFileSync(join(at.command.folder, "roll.yaml"), "workflow: roll\ntasks: {one: {uses: crew.roll}}\n");
    await printed("run roll.yaml --wait");
    assert.deepEqual(versions, ["2.0.0"]);
    await printed("agent roll crew.roll@2.0.0 --back");
    await printed("run roll --wait");
    assert.deepEqual(versions, ["2.0.0", "1.0.0"]);
    assert.match((await tutti("agent roll crew.roll")).errors, /NAME@VERSION/);
    assert.match((await tutti("agent roll crew.roll@9.0.0 --percent 25")).errors, /No agent offers/);
    await Promise.all(workers.map((worker) => worker[Symbol.asyncDispose]()));
  });

  it("inboxes: set, list, show, delete", async () => {
    assert.match((await tutti("inbox set desk")).errors, /Set --capability NAME/);
    const set =
      "inbox set desk --capability crew.review --person ann --person me --max-open 3 --answer-within 2d";
    assert.match(await printed(`${set} --answers 1 --description Review?`), /✓ desk is set/);
    await at.listed("inbox list", /desk +default +crew\.review +ann, me +0 +3/);
    assert.match(await printed("inbox show desk"), /expires +after 2 d/);
    assert.equal((await json("inbox show desk")).answersNeeded, 1);
    await at.listed("agent list", /desk/);
    assert.match((await tutti("inbox claim gone")).errors, /not found/);
    assert.match((await tutti("inbox release gone --claimant ann")).errors, /not found/);
    assert.match((await tutti("inbox delegate gone --person bob")).errors, /not found/);
    assert.match(await printed("inbox delete desk --yes"), /✓ desk deleted/);
    assert.match(await printed("inbox delete desk --yes"), /desk not found/);
    assert.equal((await tutti("inbox show desk")).exitCode, 3);
  });
});
