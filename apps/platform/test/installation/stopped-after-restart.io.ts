import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { silentLogger } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { Worker } from "@tutti/sdk";
import { connect } from "@tutti/sdk/client";
import { OneWay } from "../support/one-way.ts";
import { makeFolder, start } from "../support/services.ts";

const acts = 'workflow: told-late\ntasks: {act: {uses: late.act}}\noutput: "${{ tasks.act.output }}"\n';
const waits = "workflow: waits\ntasks: {act: {uses: late.never}}\n";

/** Longer than any wait. */
const forEverMs = 3_600_000;

describe("a worker that stops after the engine was killed before it confirmed a durable result", () => {
  it("gets the confirmation from the next engine, without another attempt", async () => {
    await using folder = await makeFolder();
    const startPlatform = (...flags: readonly string[]) =>
      start(
        "platform",
        [`--platform.dataDirectory=${folder.path}`, `--swarm.pool.claimMs=${forEverMs}`, ...flags],
        { directory: folder.path },
      );
    let platform = await startPlatform();
    const { grpc: address } = platform;
    await using line = await OneWay.to(address);
    const worker = new Worker(
      { address: line.address, agentId: "leaving", drainMs: forEverMs, handleSignals: false },
      { logger: silentLogger },
    );
    let attempts = 0;
    worker.handle("late.act", () => {
      attempts++;
      line.isSilent = true;
      return "done";
    });
    await worker.start();
    const tutti = await connect({ address });
    try {
      await tutti.workflows.register(acts);
      await tutti.workflows.register(waits);
      // No worker executes this task, so that the pool still has a task for a worker afterwards.
      await tutti.run("waits", { id: "waits" });
      const run = await tutti.run("told-late", { id: "done" });
      assert.equal(await run.result(), "done");

      await platform.kill();
      await until("the worker to have lost its link", () => !worker.isLinked);
      line.isSilent = false;
      platform = await startPlatform(`--mesh.listen=${address}`);
      await until("the worker to be linked again", () => worker.isLinked);
      await worker.stop();
      assert.equal(attempts, 1);
    } finally {
      await tutti.close();
      await platform[Symbol.asyncDispose]();
    }
  });
});
