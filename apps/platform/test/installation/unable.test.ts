/**
 * Tasks without a worker fill the buffer of a pool and remain there. Tasks with a worker arrive later, in the same
 * namespace and pool.
 */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { GetPoolUseRequest, poolService } from "@tutti/contracts/swarm/v1";
import { until } from "@tutti/kernel/testing";
import type { Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";
import { Installation } from "./installation.ts";

const windowSize = 64;
const lostRuns = 150;

describe("tasks without a worker, in the namespace and pool of others", () => {
  let installation: Installation;
  let worker: Worker;
  let tutti: Tutti;

  before(async () => {
    installation = await Installation.open([`--swarm.pool.window=${windowSize}`]);
    tutti = await installation.client();
    worker = installation.worker({ slots: 2, agentId: "hand" });
    worker.handle("stock.pack", (item: string) => item);
    await worker.start();
    for (const [name, uses] of [
      ["lost", "nobody.can"],
      ["order", "stock.pack"],
    ])
      await tutti.workflows.register(
        `workflow: ${name}\ntasks: {pack: {uses: ${uses}, with: "\${{ input }}"}}\n`,
      );
  });
  after(async () => {
    await tutti?.close();
    await worker?.stop();
    await installation?.[Symbol.asyncDispose]();
  });

  const requestedSlots = async (): Promise<number> => {
    const client = installation.host.mesh.client(poolService);
    const { shares } = await client.getPoolUse(
      GetPoolUseRequest.fromPartial({ namespace: "default", pool: "default" }),
    );
    return shares.reduce((sum, { wanted }) => sum + (wanted["slots"] ?? 0), 0);
  };

  it("do not block tasks with a worker, though they are older and have a higher priority", async () => {
    const lost = await Promise.all(
      Array.from({ length: lostRuns }, (_, at) =>
        tutti.run("lost", { id: `lost-${at}`, input: "nothing", priority: 90 }),
      ),
    );
    await until("the pool to be full of them", async () => (await requestedSlots()) >= windowSize);
    const orders = await Promise.all(
      Array.from({ length: 100 }, (_, at) => tutti.run("order", { id: `order-${at}`, input: at })),
    );
    for (const order of orders) await order.result();
    // The first tasks still wait, and are executed when a worker connects.
    await worker.stop();
    worker = installation.worker({ slots: 8, agentId: "head" });
    worker.handle("nobody.can", (item: string) => item);
    await worker.start();
    const outcomes = await Promise.all(lost.map((run) => run.result()));
    assert.equal(outcomes.length, lostRuns);
  });
});
