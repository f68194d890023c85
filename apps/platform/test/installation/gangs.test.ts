import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { until } from "@tutti/kernel/testing";
import type { Tutti } from "@tutti/sdk/client";
import { Installation } from "./installation.ts";

const inOnePool = `workflow: training
tasks:
  server: {uses: train.node, gang: training, with: "\${{ run.id }}"}
  worker-1: {uses: train.node, gang: training, with: "\${{ run.id }}"}
  worker-2: {uses: train.node, gang: training, with: "\${{ run.id }}"}
  worker-3: {uses: train.node, gang: training, with: "\${{ run.id }}"}
`;
const inTwoPools = `workflow: training
tasks:
  server: {uses: train.node, gang: training, with: "\${{ run.id }}"}
  worker: {uses: train.node, gang: training, forEach: "\${{ [1, 2, 3] }}", with: "\${{ run.id }}", placement: {pool: gpu}}
`;

describe("tasks that wait for each other while they run", () => {
  for (const [title, definition, reason, message] of [
    ["in one pool", inOnePool, "server", "all workers together have room for 3 of its 4 members"],
    ["in two pools, with a list", inTwoPools, "worker[1]", "wait for 1 member in other pools"],
  ] as const)
    it(`start together in each of two runs that need the same slots, ${title}, and explain their wait`, async () => {
      await using installation = await Installation.open();
      await using tutti = await installation.client();
      await tutti.workflows.register(definition);
      await tutti.pools.create("gpu");
      /** Started tasks by run. Each task ends when all tasks of its run have started. */
      const started = new Map<string, (() => void)[]>();
      const worker = (agentId: string, slots: number, pool = "default") => {
        const created = installation.worker({ agentId, slots, pool });
        created.handle("train.node", async (run: string) => {
          const { promise, resolve } = Promise.withResolvers<void>();
          const all = [...(started.get(run) ?? []), resolve];
          started.set(run, all);
          if (all.length === 4) for (const each of all) each();
          await promise;
          return run;
        });
        return created;
      };
      const three = worker("three", 3, title === "in one pool" ? "default" : "gpu");
      await three.start();
      const runs = [await tutti.run("training", { id: "r-1" }), await tutti.run("training", { id: "r-2" })];
      await until("the reason", async () => (await runs[0]?.why(reason))?.summary.includes(message));
      assert.equal(started.size, 0);
      const first = worker("one", 1);
      await first.start();
      for (const run of runs) await run.result();
      await three.stop();
      await first.stop();
      assert.deepEqual([...started].map(([run, { length }]) => [run, length]).sort(), [
        ["r-1", 4],
        ["r-2", 4],
      ]);
    });

  /** Tasks of a session in some mode, or of a mission. */
  const tasks = ["one", "two", "three"].map((id) => ({
    id,
    uses: "train.node",
    gang: "training",
    with: "all",
  }));
  for (const [kind, start] of [
    ["session of the mode workflow", (tutti: Tutti) => tutti.sessions.start({ mode: "workflow", tasks })],
    ["session of the mode swarm", (tutti: Tutti) => tutti.sessions.start({ mode: "swarm", tasks })],
    ["mission", (tutti: Tutti) => tutti.missions.start({ tasks })],
  ] as const)
    it(`start together in a ${kind}, and only when all have slots`, async () => {
      await using installation = await Installation.open();
      await using tutti = await installation.client();
      const started: (() => void)[] = [];
      const worker = (agentId: string, slots: number) => {
        const created = installation.worker({ agentId, slots });
        created.handle("train.node", async () => {
          const { promise, resolve } = Promise.withResolvers<void>();
          started.push(resolve);
          if (started.length === tasks.length) for (const each of started) each();
          await promise;
          return agentId;
        });
        return created;
      };
      const two = worker("two", 2);
      await two.start();
      const work = await start(tutti);
      await until("the reason", async () =>
        JSON.stringify(await work.why("one")).includes("have room for 2 of its 3 members"),
      );
      assert.equal(started.length, 0);
      const first = worker("one", 1);
      await first.start();
      const outputs = Object.values((await work.result()) as Record<string, string>);
      assert.deepEqual(outputs.sort(), ["one", "two", "two"]);
      await two.stop();
      await first.stop();
    });
});
