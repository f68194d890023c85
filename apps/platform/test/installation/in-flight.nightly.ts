import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { silentLogger } from "@tutti/kernel";
import { gate, until } from "@tutti/kernel/testing";
import { Worker } from "@tutti/sdk";
import { connect } from "@tutti/sdk/client";
import { makeFolder, start } from "../support/services.ts";

const runs = 10;
const tasksPerRun = 1_000;
const total = runs * tasksPerRun;

const definition = `workflow: many
tasks:
  each: {forEach: "\${{ input.items }}", uses: flight.item, with: {item: "\${{ item }}"}}
  sum: {needs: [each], set: {count: "\${{ size(tasks.each.output) }}"}}
output: "\${{ tasks.sum.output.count }}"
`;

describe("ten thousand tasks in flight", () => {
  it("survive a kill of the engine: results of the outage are accepted, and no task is executed again", async () => {
    await using folder = await makeFolder();
    const startPlatform = (...flags: readonly string[]) =>
      start(
        "platform",
        [`--platform.dataDirectory=${folder.path}`, `--swarm.pool.window=${total}`, ...flags],
        { directory: folder.path },
      );
    let platform = await startPlatform();
    const { grpc: address } = platform;
    const release = gate();
    let started = 0;
    let done = 0;
    const worker = new Worker(
      { address, agentId: "flyer", slots: total, handleSignals: false },
      { logger: silentLogger },
    );
    worker.handle("flight.item", async ({ item }: { readonly item: number }) => {
      started++;
      await release.pass();
      done++;
      return item;
    });
    await worker.start();
    const tutti = await connect({ address });
    try {
      await tutti.workflows.register(definition);
      const items = Array.from({ length: tasksPerRun }, (_, index) => index);
      for (let number = 0; number < runs; number++)
        await tutti.run("many", { id: `run-${number}`, input: { items } });
      await until("all to be running", () => started === total);

      await platform.kill();
      release.open();
      await until("all to be done while the results are lost", () => done === total);
      platform = await startPlatform(`--mesh.listen=${address}`);
      for (let number = 0; number < runs; number++)
        assert.equal(await tutti.runs.get(`run-${number}`).result(), tasksPerRun);
      assert.equal(started, total);
    } finally {
      await tutti.close();
      await worker.stop();
      await platform[Symbol.asyncDispose]();
    }
  });
});
