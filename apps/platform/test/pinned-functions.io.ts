/** Runs of durable functions that stay on the code version with which they started. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { silentLogger } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { durable, Worker } from "@tutti/sdk";
import { connect, type RunHandle, type Tutti } from "@tutti/sdk/client";
import { needsProgram } from "../../../tools/programs.mjs";
import { TestProcess } from "./support/process.ts";
import { type Folder, makeFolder, type Service, start } from "./support/services.ts";

const python = await needsProgram("python3");
const pythonWorker = fileURLToPath(new URL("programs/pinned_worker.py", import.meta.url));
const pythonSdk = fileURLToPath(new URL("../../../sdk/python/src", import.meta.url));

/** Returns code whose result names its version. The first step differs by version, so a replay by another one fails. */
const codeOf = (version: string, step = `step of ${version}`) =>
  durable("pinned", async (ctx) => {
    const first = await ctx.run(step, () => version);
    await ctx.signal("continue");
    return { first, last: version };
  });

describe("runs of durable functions", () => {
  let folder: Folder;
  let platform: Service;
  let tutti: Tutti;
  const workers = new Set<Worker>();

  async function work(version: string, percent?: number, code = codeOf(version)): Promise<Worker> {
    const worker = new Worker({ address: platform.grpc, server: platform.http }, { logger: silentLogger });
    worker.durable(code, { version, ...(percent !== undefined && { percent }) });
    await worker.start();
    workers.add(worker);
    return worker;
  }
  const rollOut = async (version: string, percent: number) => {
    const path = `${platform.http}/v1/workflows/pinned/rollout`;
    const body = JSON.stringify({ version, percent, reason: "test" });
    const answer = await fetch(path, {
      method: "POST",
      headers: { "content-type": "application/json" },
      body,
    });
    assert.equal(answer.status, 200, await answer.text());
  };
  const waiting = (run: RunHandle) =>
    until(
      "it waits for its signal",
      async () => (await run.why()).summary,
      (text) => /continue/.test(text),
    );
  /** Starts this number of runs and returns the versions that they took. */
  const firsts = async (count: number) => {
    const runs = await Promise.all(Array.from({ length: count }, () => tutti.run("pinned")));
    await Promise.all(runs.map((run) => run.signal("continue")));
    const ends = await Promise.all(runs.map((run) => run.result<{ first: string; last: string }>()));
    for (const { first, last } of ends) assert.equal(first, last);
    return ends.map(({ first }) => first);
  };

  before(async () => {
    folder = await makeFolder();
    platform = await start("platform", [`--platform.dataDirectory=${folder.path}`]);
    tutti = await connect({ address: platform.grpc });
  });
  after(async () => {
    await Promise.all([...workers].map((worker) => worker.stop()));
    await tutti?.close();
    await platform?.stop();
    await folder?.[Symbol.asyncDispose]();
  });

  it("stay with workers of their version, also after a worker restart, and new runs use the new version", async () => {
    const first = await work("1.0.0");
    const old = await tutti.run("pinned", { id: "old" });
    await waiting(old);
    await work("2.0.0");
    assert.deepEqual(new Set(await firsts(10)), new Set(["2.0.0"]));
    await first.stop();
    const restarted = await work("1.0.0");
    assert.deepEqual(new Set(await firsts(10)), new Set(["2.0.0"]));
    await old.signal("continue");
    assert.deepEqual(await old.result(), { first: "1.0.0", last: "1.0.0" });
    await restarted.stop();
  });

  it("wait if no worker has their version, explain it with remedies, and continue on another version", async () => {
    const third = await work("3.0.0", 100, codeOf("3.0.0", "step"));
    const run = await tutti.run("pinned", { id: "left" });
    await waiting(run);
    await third.stop();
    await work("3.0.1", 100, codeOf("3.0.1", "step"));
    await run.signal("continue");
    const found = await until(
      "it waits for a worker",
      () => run.why("pinned"),
      ({ waits }) => /none in 3\.0\.0/.test(waits[0]?.message ?? ""),
    );
    assert.match(found.waits[0]?.message ?? "", /agents offer pinned in .*3\.0\.1.*, none in 3\.0\.0/);
    assert.deepEqual(
      found.remedies.map(({ text, command }) => [text, command]),
      [
        ["start a worker that offers pinned in version 3.0.0", ""],
        ["move the run to the latest version of pinned", "tutti workflow migrate pinned --only left"],
      ],
    );
    const review = await run.move({}, "3.0.0 is gone");
    assert.equal(review.verdict, "safe");
    assert.deepEqual(await run.result(), { first: "3.0.0", last: "3.0.1" });
  });

  it("use a new version by a percentage, which increases and is rolled back", async () => {
    await work("4.0.0", 50);
    const versions = await firsts(60);
    const newCount = versions.filter((version) => version === "4.0.0").length;
    assert.ok(newCount > 10 && newCount < 50, `${newCount} of 60`);
    await rollOut("4.0.0", 0);
    assert.deepEqual(new Set(await firsts(10)), new Set(["3.0.1"]));
    await rollOut("4.0.0", 100);
    assert.deepEqual(new Set(await firsts(10)), new Set(["4.0.0"]));
    await rollOut("3.0.1", 100);
    assert.deepEqual(new Set(await firsts(10)), new Set(["3.0.1"]));
  });

  it("stay with their version in Python", { skip: python.skip }, async (t) => {
    const launch = (version: string) => {
      const launched = new TestProcess({
        program: python.path,
        arguments: [pythonWorker, platform.grpc, platform.http, version, "100"],
        environment: { PYTHONPATH: pythonSdk },
      });
      t.after(() => launched.kill());
      return launched;
    };
    const first = launch("1.0.0");
    const startRun = (id: string) => tutti.run("pinned-in-python", { id }).catch(() => undefined);
    const old = await until(
      "it is registered",
      () => startRun("old-python"),
      (run) => run !== undefined,
    );
    await waiting(old as RunHandle);
    launch("2.0.0");
    await until("the new version is there", async () => {
      const run = await tutti.run("pinned-in-python");
      await run.signal("continue");
      return (await run.result()) === "2.0.0";
    });
    await first.kill();
    launch("1.0.0");
    await old?.signal("continue");
    assert.equal(await old?.result(), "1.0.0");
    const young = await tutti.run("pinned-in-python");
    await young.signal("continue");
    assert.equal(await young.result(), "2.0.0");
  });
});
