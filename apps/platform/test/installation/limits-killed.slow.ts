import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { latch } from "@tutti/kernel/testing";
import { Worker } from "@tutti/sdk";
import { connect } from "@tutti/sdk/client";
import { startAt } from "../support/killed.ts";
import { makeFolder } from "../support/services.ts";

const alone = `workflow: alone
limits: [{key: the one, concurrency: 1}]
tasks: {work: {uses: alone.work, with: "\${{ input }}"}}
output: "\${{ tasks.work.output }}"
`;
const parent = `workflow: parent
tasks: {sub: {workflow: inner, with: "\${{ input }}", limits: [{key: the other, concurrency: 1}]}}
output: "\${{ tasks.sub.output }}"
`;
const inner = `workflow: inner
tasks: {work: {uses: alone.work, with: "\${{ input }}"}}
output: "\${{ tasks.work.output }}"
`;

describe("a key of a limit", () => {
  it("is not wedged by a holder whose engine is killed with -9: the run goes on, and then the next", async () => {
    await using folder = await makeFolder();
    let platform = await startAt(folder.path);
    const { grpc: address } = platform;
    const begun: string[] = [];
    const atWork = latch();
    const goOn = latch();
    const worker = new Worker({ address, handleSignals: false });
    worker.handle("alone.work", async (name: string) => {
      begun.push(name);
      if (begun.length === 2) atWork.open();
      await goOn.opened;
      return `${name} is done`;
    });
    await worker.start();
    const tutti = await connect({ address });
    try {
      for (const text of [alone, inner, parent]) await tutti.register(text);
      const firsts = [
        await tutti.start("alone", { id: "alone-1", input: "alone-1" }),
        await tutti.start("parent", { id: "parent-1", input: "parent-1" }),
      ];
      await atWork.opened;
      const seconds = [
        await tutti.start("alone", { id: "alone-2", input: "alone-2" }),
        await tutti.start("parent", { id: "parent-2", input: "parent-2" }),
      ];
      await platform.kill();
      platform = await startAt(folder.path, address);
      assert.ok(
        begun.every((name) => name.endsWith("-1")),
        "the others wait",
      );
      goOn.open();
      for (const run of [...firsts, ...seconds]) assert.equal(await run.result(), `${run.id} is done`);
    } finally {
      await tutti.close();
      await worker.stop();
      await platform[Symbol.asyncDispose]();
    }
  });
});
