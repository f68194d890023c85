/** The platform is killed with -9 in the middle of sessions in every mode, again and again: they go on, and nothing counts twice. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Worker } from "@tutti/sdk";
import { connect } from "@tutti/sdk/client";
import { insist, startAt } from "../support/killed.ts";
import { makeFolder } from "../support/services.ts";

const kills = 3;
const modes = ["workflow", "swarm", "intelligence", "hybrid", "adaptive"] as const;
const links = 8;
const bag = 10;

describe("sessions under kill -9", () => {
  it("go on where they were in every mode: each task's outcome counts once, and the outputs are right", async () => {
    await using folder = await makeFolder();
    let platform = await startAt(folder.path);
    const { grpc: address } = platform;
    let done = 0;
    const workers = ["ann", "bob"].map((agentId) => {
      const worker = new Worker({ address, agentId, slots: 4, handleSignals: false });
      worker.handle("number.add", async ({ of }: { readonly of: readonly number[] }) => {
        await new Promise((resolve) => setTimeout(resolve, 20));
        done++;
        return of.reduce((sum, each) => sum + each, 1);
      });
      return worker;
    });
    for (const worker of workers) await worker.start();
    const tutti = await connect({ address });
    try {
      const tasks = [
        ...Array.from({ length: links }, (_, n) => ({
          ...{ id: `link${n}`, uses: "number.add" },
          ...(n === 0
            ? { input: { of: [] } }
            : { needs: [`link${n - 1}`], input: { of: [`\${{ tasks.link${n - 1}.output }}`] } }),
        })),
        ...Array.from({ length: bag }, (_, n) => ({
          ...{
            id: `bag${n}`,
            uses: "number.add",
            needs: ["link1"],
            input: { of: ["${{ tasks.link1.output }}"] },
          },
        })),
        {
          ...{ id: "knot", uses: "number.add", needs: [`link${links - 1}`, "bag0"] },
          input: { of: [`\${{ tasks.link${links - 1}.output }}`, "${{ tasks.bag0.output }}"] },
        },
      ];
      const sessions = await Promise.all(
        modes.map((mode) => insist(() => tutti.execute({ id: `survivor-${mode}`, tasks, mode }))),
      );
      const all = tasks.length * modes.length;
      for (let kill = 1; kill <= kills; kill++) {
        const wanted = Math.floor((all * kill) / (kills + 2));
        while (done < wanted) await new Promise((resolve) => setTimeout(resolve, 5));
        await platform.kill();
        platform = await startAt(folder.path, address);
      }
      const expected: Record<string, number> = {};
      for (let n = 0; n < links; n++) expected[`link${n}`] = n + 1;
      for (let n = 0; n < bag; n++) expected[`bag${n}`] = 3;
      expected["knot"] = 1 + links + 3;
      for (const session of sessions) {
        const output = await insist(() => session.result());
        assert.deepEqual(output, expected, session.id);
        const { tasks: counts } = await insist(() => session.get());
        assert.deepEqual([counts?.completed, counts?.total], [tasks.length, tasks.length]);
      }
    } finally {
      await tutti.close();
      for (const worker of workers) await worker.stop();
      await platform[Symbol.asyncDispose]();
    }
  });
});
