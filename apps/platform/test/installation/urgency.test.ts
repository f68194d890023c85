import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { LabelRunRequest, runService } from "@tutti/contracts/workflow/v1";
import { latch } from "@tutti/kernel/testing";
import type { Worker } from "@tutti/sdk";
import type { Tutti } from "@tutti/sdk/client";
import { Installation } from "./installation.ts";

describe("runs that wait in a pool", () => {
  let installation: Installation;
  let worker: Worker;
  let tutti: Tutti;
  const started: string[] = [];
  const first = latch();
  const proceed = latch();

  before(async () => {
    installation = await Installation.open();
    worker = installation.worker({ slots: 1 });
    worker.handle("urgent.work", async (name: string) => {
      started.push(name);
      first.open();
      await proceed.opened;
    });
    await worker.start();
    tutti = await installation.client();
    await tutti.workflows.register(
      'workflow: urgent\ntasks: {a: {uses: urgent.work, with: "${{ input }}"}}\n',
    );
  });
  after(async () => {
    await tutti?.close();
    await worker?.stop();
    await installation?.[Symbol.asyncDispose]();
  });

  it("go first when they become more urgent, and carry the labels that they have by then", async () => {
    const start = (id: string) => tutti.run("urgent", { id, input: id });
    const runs = [await start("one")];
    await first.opened;
    for (const id of ["two", "three", "four"]) runs.push(await start(id));
    const label = (runId: string, more: object) =>
      installation.host.mesh.client(runService).labelRun(LabelRunRequest.fromPartial({ runId, ...more }));
    await label("four", { priority: 20, labels: { lane: "fast" } });
    await label("three", { priority: 10 });
    proceed.open();
    for (const run of runs) await run.result();
    assert.deepEqual(started, ["one", "four", "three", "two"]);
  });

  it("hold no slot while they wait for child runs, so one slot is enough for all of them", async () => {
    started.length = 0;
    proceed.open();
    const inside = (child: string) => `
  before: {uses: urgent.work, with: "\${{ input + '-before' }}"}
  sub: {workflow: ${child}, needs: [before], with: "\${{ input + '-child' }}"}
  after: {uses: urgent.work, needs: [sub], with: "\${{ input + '-after' }}"}
`;
    await tutti.workflows.register(`workflow: parent\ntasks:${inside("urgent")}`);
    await tutti.workflows.register(`workflow: grandparent\ntasks:${inside("parent")}`);
    await (await tutti.run("grandparent", { id: "all", input: "g" })).result();
    const expected = ["g-before", "g-child-before", "g-child-child", "g-child-after", "g-after"];
    assert.deepEqual(started, expected);
  });
});
