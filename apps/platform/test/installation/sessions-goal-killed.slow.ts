/** The platform is killed with -9 while the goal of a session is broken down, and again while its tasks are done. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gate, until } from "@tutti/kernel/testing";
import { Worker } from "@tutti/sdk";
import { connect } from "@tutti/sdk/client";
import { startAt } from "../support/killed.ts";
import { makeFolder } from "../support/services.ts";

describe("a session with a goal under kill -9", () => {
  it("is planned once, goes on with its tasks, and gives what they give", async () => {
    await using folder = await makeFolder();
    let platform = await startAt(folder.path);
    const { grpc: address } = platform;
    const again = async () => {
      await platform.kill();
      platform = await startAt(folder.path, address);
    };
    const [mayPlan, mayWork] = [gate(), gate()];
    let [asked, working] = [0, 0];
    const worker = new Worker({ address, agentId: "planner", slots: 4, handleSignals: false });
    worker.handle("tutti.plan", async () => {
      asked++;
      await mayPlan.pass();
      return [
        { id: "one", capability: "number.one" },
        { id: "two", capability: "number.one", needs: [{ task: "one" }] },
      ];
    });
    worker.handle("number.one", async () => {
      working++;
      await mayWork.pass();
      return 1;
    });
    await worker.start();
    const tutti = await connect({ address });
    try {
      const session = await tutti.execute({ id: "phoenix", goal: "one and one" });
      await until("it is being planned", () => asked > 0);
      await again();
      mayPlan.open();
      await until("its tasks are begun", () => working > 0);
      await again();
      mayWork.open();
      assert.deepEqual(await session.result(), { one: 1, two: 1 });
      const { tasks } = await session.get();
      assert.deepEqual([tasks?.completed, tasks?.total], [2, 2]);
    } finally {
      await tutti.close();
      await worker.stop();
      await platform[Symbol.asyncDispose]();
    }
  });
});
