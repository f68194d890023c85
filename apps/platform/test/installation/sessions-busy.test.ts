/**
 * A session whose tasks start one by one while its agents have other work. It continues when the agents have room.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gate, until } from "@tutti/kernel/testing";
import { Installation } from "./installation.ts";

describe("a planned session whose agents are busy with other work", () => {
  it("starts its tasks when the other work ends, though no agent joins or leaves", async () => {
    await using installation = await Installation.open([], { time: "real" });
    const proceed = gate();
    const worker = installation.worker({ agentId: "hand", slots: 2 });
    let running = 0;
    worker.handle("door.wait", async () => {
      running++;
      await proceed.pass();
      return true;
    });
    worker.handle("number.double", ({ n }: { readonly n: number }) => n * 2);
    await worker.start();
    const tutti = await installation.client();
    try {
      const others = await tutti.missions.start({
        id: "others",
        tasks: [
          { id: "one", uses: "door.wait" },
          { id: "two", uses: "door.wait" },
        ],
      });
      await until("both slots are taken", () => running === 2);
      const session = await tutti.run({
        tasks: [
          { id: "one", uses: "number.double", input: { n: 1 } },
          { id: "two", uses: "number.double", needs: ["one"], input: { n: "${{ tasks.one.output }}" } },
        ],
        mode: "intelligence",
      });
      await until("it is planned", async () => (await session.plan()).number > 0);
      proceed.open();
      assert.deepEqual(await others.result(), { one: true, two: true });
      assert.deepEqual(await session.result(), { one: 2, two: 4 });
    } finally {
      await tutti.close();
      await worker.stop();
    }
  });
});
