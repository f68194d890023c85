/** Retry defaults of namespaces and pools apply to runs, missions and sessions, with and without a definition. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import type { Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";
import { Installation } from "./installation.ts";

const configured = { default: { attempts: 2, initialMs: 10, pools: { gpu: { attempts: 3 } } } };

describe("retry defaults of namespaces and pools", () => {
  let installation: Installation;
  let tutti: Tutti;
  const workers: Worker[] = [];
  let attempts = 0;

  before(async () => {
    installation = await Installation.open([
      `--retry.namespaces=${JSON.stringify(configured)}`,
      '--swarm.pools=["gpu"]',
    ]);
    tutti = await installation.client();
    for (const pool of ["default", "gpu"]) {
      const worker = installation.worker({ agentId: `hand-${pool}`, pool });
      worker.handle("always.fails", () => {
        attempts++;
        throw new Error("as ever");
      });
      worker.handle("splits", async (_input, task) => {
        await (await task.mission()).addTasks([{ id: "part", uses: "always.fails" }]);
      });
      await worker.start();
      workers.push(worker);
    }
  });
  after(async () => {
    for (const worker of workers) await worker.stop();
    await tutti?.close();
    await installation?.[Symbol.asyncDispose]();
  });

  const attemptsOf = async (work: () => Promise<unknown>) => {
    attempts = 0;
    await assert.rejects(work);
    return attempts;
  };

  it("apply to a run of a definition, unless the definition sets its own", async () => {
    await tutti.workflows.register("workflow: plain\ntasks: {a: {uses: always.fails}}\n");
    await tutti.workflows.register("workflow: far\npool: gpu\ntasks: {a: {uses: always.fails}}\n");
    await tutti.workflows.register(
      "workflow: own\ndefaults: {retry: {attempts: 4}}\ntasks: {a: {uses: always.fails}}\n",
    );
    assert.equal(await attemptsOf(() => tutti.execute("plain")), 2);
    assert.equal(await attemptsOf(() => tutti.execute("far")), 3);
    assert.equal(await attemptsOf(() => tutti.execute("own")), 4);
  });

  it("apply to tasks without a definition, unless the task sets its own", async () => {
    const tasks = [{ id: "a", uses: "always.fails" }];
    for (const mode of ["workflow", "swarm"] as const) {
      assert.equal(await attemptsOf(() => tutti.execute({ mode, tasks })), 2, mode);
      const singleAttempt = tasks.map((task) => ({ ...task, attempts: 1 }));
      assert.equal(await attemptsOf(() => tutti.execute({ mode, tasks: singleAttempt })), 1, mode);
    }
  });

  it("apply to a mission of tasks or of a definition, and to added tasks", async () => {
    const mission = async (start: Parameters<typeof tutti.missions.start>[0]) =>
      attemptsOf(async () => (await tutti.missions.start(start)).result());
    assert.equal(await mission({ tasks: [{ id: "a", uses: "always.fails" }] }), 2);
    for (const [definition, attemptsMax] of [
      ["far", 3],
      ["own", 4],
    ] as const) {
      await tutti.workflows.register(`workflow: of-${definition}\ntasks: {a: {mission: ${definition}}}\n`);
      assert.equal(await attemptsOf(() => tutti.execute(`of-${definition}`)), attemptsMax);
    }
    assert.equal(await mission({ pool: "gpu", tasks: [{ id: "a", uses: "splits" }] }), 3);
  });

  it("apply to a session of a definition", async () => {
    for (const mode of ["workflow", "swarm"] as const) {
      assert.equal(await attemptsOf(() => tutti.execute({ mode, definition: "plain" })), 2, mode);
      assert.equal(await attemptsOf(() => tutti.execute({ mode, definition: "own" })), 4, mode);
    }
  });
});
