/** Every service is a separate process. The workflow service is killed: sessions wait for it, or use another mode. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import { natsServerProgram } from "@tutti/nats/testing";
import { Worker } from "@tutti/sdk";
import { connect, type Tutti } from "@tutti/sdk/client";
import { ServiceCluster } from "../support/cluster.ts";
import type { Service } from "../support/services.ts";

/** A chain of tasks. Because of this structure it belongs to a run. */
const tasks = Array.from({ length: 6 }, (_, at) => ({
  ...{ id: `t${at}`, uses: "number.add", estimate: { timeMs: 1 } },
  ...(at === 0
    ? { input: { n: 0 } }
    : { needs: [`t${at - 1}`], input: { n: `\${{ tasks.t${at - 1}.output }}` } }),
}));
const outputs = Object.fromEntries(tasks.map(({ id }, at) => [id, at + 1]));

const program = await natsServerProgram();

describe("sessions while the engine of runs is away", { skip: program.skip }, () => {
  let cluster: ServiceCluster;
  let workflow: Service;
  let tutti: Tutti;
  let worker: Worker;

  before(async () => {
    cluster = await ServiceCluster.open();
    const swarm = await cluster.join("swarm");
    const master = await cluster.join("master");
    workflow = await cluster.join("workflow");
    worker = new Worker({ address: swarm.grpc, agentId: "anna", slots: 2, handleSignals: false });
    worker.handle("number.add", ({ n }: { readonly n: number }) => n + 1);
    await worker.start();
    tutti = await connect({ address: master.grpc });
    const session = await tutti.run({ tasks, mode: "hybrid" });
    assert.deepEqual(await session.result(), outputs, "all of it works while all are there");
    assert.deepEqual(
      (await session.get()).parts.map(({ mode }) => mode),
      [1],
    );
    await workflow.kill();
  });
  after(async () => {
    await tutti?.close();
    await worker?.stop();
    await cluster?.[Symbol.asyncDispose]();
  });

  it("run in the mode swarm if they leave the choice open, and say why", async () => {
    const session = await tutti.run({ tasks, mode: "hybrid" });
    assert.deepEqual(await session.result(), outputs);
    const { parts } = await session.get();
    assert.deepEqual(
      parts.map(({ mode }) => mode),
      [1, 2],
    );
    const { moves } = await session.plan();
    assert.equal(moves.length, tasks.length);
    assert.match(moves[0]?.reason ?? "", /^the engine of runs is away: /);
  });

  it("wait for it if they requested runs, and continue when it is back", async () => {
    const session = await tutti.run({ tasks, mode: "workflow" });
    await until("another way would have been taken by now", async () => {
      const { createTime } = await session.get();
      return Date.now() - (createTime?.seconds ?? 0) * 1_000 > 8_000;
    });
    assert.deepEqual(
      (await session.get()).parts.map(({ mode }) => mode),
      [1],
    );
    await cluster.join("workflow");
    assert.deepEqual(await session.result(), outputs);
  });
});
