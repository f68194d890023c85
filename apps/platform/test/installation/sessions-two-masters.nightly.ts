/**
 * Two processes share the sessions over NATS. One is killed with -9 during the sessions. Watches and results continue
 * from the other process.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { gate, until } from "@tutti/kernel/testing";
import { natsServerProgram } from "@tutti/nats/testing";
import { Worker } from "@tutti/sdk";
import { connect } from "@tutti/sdk/client";
import { ServiceCluster } from "../support/cluster.ts";

const program = await natsServerProgram();
const modes = ["workflow", "swarm", "intelligence", "hybrid"] as const;
// Two sessions per partition. The client computes the same partitions, so it knows their owners without updates.
const ids = [25, 33, 2, 3, 17, 28, 8, 19].map((number) => `session-${number}`);

describe("sessions of two processes", { skip: program.skip }, () => {
  it("and their watches resume on the other master when their owner is killed", async () => {
    await using cluster = await ServiceCluster.open();
    const swarm = await cluster.join("swarm");
    await cluster.join("workflow");
    const first = await cluster.join("master", "first");
    const second = await cluster.join("master", "second");
    const proceed = gate();
    let waiting = 0;
    const worker = new Worker({ address: swarm.grpc, agentId: "anna", slots: 16, handleSignals: false });
    worker.handle("door.wait", async () => {
      waiting++;
      await proceed.pass();
      return 1;
    });
    worker.handle("number.add", ({ n }: { readonly n: number }) => n + 1);
    await worker.start();
    const tasks = [
      { id: "wait", uses: "door.wait" },
      { id: "add", uses: "number.add", needs: ["wait"], input: { n: "${{ tasks.wait.output }}" } },
    ];
    await using tutti = await connect({ address: second.grpc });
    try {
      for (const [number, id] of ids.entries())
        await tutti.run({ id, tasks, mode: modes[number % modes.length] ?? "workflow" });
      await until("the first task of each is running", () => waiting === ids.length);
      const ends = ids.map(async (id) => {
        let last: WorkStatus | undefined;
        for await (const { session } of tutti.sessions.get(id).watch()) last = session?.status ?? last;
        return last;
      });
      await first.kill();
      proceed.open();
      for (const id of ids) assert.deepEqual(await tutti.sessions.get(id).result(), { wait: 1, add: 2 });
      assert.deepEqual(
        await Promise.all(ends),
        ids.map(() => WorkStatus.WORK_STATUS_COMPLETED),
      );
      assert.equal(waiting, ids.length, "nothing is done twice");
    } finally {
      proceed.open();
      await worker.stop();
    }
  });
});
