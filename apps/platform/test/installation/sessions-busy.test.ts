/**
 * A session whose tasks start one by one while its agents have other work. It continues when the agents have room.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { gate, until } from "@tutti/kernel/testing";
import { Installation } from "./installation.ts";

describe("a planned session whose agents are busy with the work of others", () => {
  it("starts its tasks when that has ended, though no agent comes or goes", async () => {
    await using installation = await Installation.open([], { time: "real" });
    const goOn = gate();
    const worker = installation.worker({ agentId: "hand", slots: 2 });
    let held = 0;
    worker.handle("door.wait", async () => {
      held++;
      await goOn.pass();
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
      await until("both slots are taken", () => held === 2);
      const session = await tutti.run({
        tasks: [
          { id: "one", uses: "number.double", input: { n: 1 } },
          { id: "two", uses: "number.double", needs: ["one"], input: { n: "${{ tasks.one.output }}" } },
        ],
        mode: "intelligence",
      });
      await until("it is planned", async () => (await session.plan()).number > 0);
      goOn.open();
      assert.deepEqual(await others.result(), { one: true, two: true });
      assert.deepEqual(await session.result(), { one: 2, two: 4 });
    } finally {
      await tutti.close();
      await worker.stop();
    }
  });
});
