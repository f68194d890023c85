/** The orchestrator of a session is killed with -9 while it decides, and the platform too: the session waits and goes on, each task once. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { Worker } from "@tutti/sdk";
import { connect } from "@tutti/sdk/client";
import { insist, startAt } from "../support/killed.ts";
import { TestProcess } from "../support/process.ts";
import { makeFolder } from "../support/services.ts";

const program = fileURLToPath(new URL("../programs/orchestrator.ts", import.meta.url));
const links = 6;

describe("a session whose orchestrator is its user's, under kill -9", () => {
  it("waits while nobody decides, and goes on with each task once", async () => {
    await using folder = await makeFolder();
    let platform = await startAt(folder.path);
    const { grpc: address } = platform;
    const begin = () => new TestProcess({ program, arguments: [address] });
    let orchestrator = begin();
    await orchestrator.wrote(/linked/);
    const worker = new Worker({ address, agentId: "ann", slots: 4, handleSignals: false });
    worker.handle("number.next", ({ of }: { readonly of: number }) => of + 1);
    await worker.start();
    const tutti = await connect({ address });
    try {
      const tasks = Array.from({ length: links }, (_, n) => ({
        ...{ id: `link${n}`, uses: "number.next" },
        ...(n === 0
          ? { input: { of: 0 } }
          : { needs: [`link${n - 1}`], input: { of: `\${{ tasks.link${n - 1}.output }}` } }),
      }));
      const session = await tutti.execute({ id: "led", tasks, mode: { orchestrator: "test.eager" } });
      for (const number of [2, 3]) {
        await orchestrator.wrote(new RegExp(`asked ${number}`));
        await orchestrator.kill();
        orchestrator = begin();
      }
      await orchestrator.wrote(/asked 4/);
      await platform.kill();
      platform = await startAt(folder.path, address);
      await orchestrator.wrote(/asked 5/);
      await orchestrator.kill();
      await platform.kill();
      platform = await startAt(folder.path, address);
      orchestrator = begin();
      const output = await insist(() => session.result());
      assert.deepEqual(output, Object.fromEntries(tasks.map(({ id }, n) => [id, n + 1])));
      const [own] = (await insist(() => session.get())).parts;
      assert.equal(own?.taskCount, links);
      const done = await session.tasks();
      assert.deepEqual(
        done.map(({ attempts }) => attempts),
        tasks.map(() => 1),
      );
    } finally {
      await tutti.close();
      await worker.stop();
      await orchestrator.kill();
      await platform[Symbol.asyncDispose]();
    }
  });
});
