import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { natsServerProgram } from "@tutti/nats/testing";
import { drill } from "./chaos/drill.ts";
import { problemsOf } from "./chaos/report.ts";

const program = await natsServerProgram();

/** `npm run chaos` for some seconds. `chaos.io.ts` has a minute of it. */
describe("a cluster whose processes are killed under load", { skip: program.skip }, () => {
  it("loses nothing that it acknowledged, and does nothing twice", async () => {
    const directory = await mkdtemp(join(tmpdir(), "tutti-chaos-"));
    try {
      const report = await drill({
        ...{ directory, natsServer: program.path, seed: 3, forMs: 5_000, say: () => {} },
        only: ["kill workflow", "kill swarm", "kill master"],
        shape: {
          ...{ nats: 3, partitions: 4, isProtected: true },
          processes: { registry: 1, governance: 1, workflow: 2, swarm: 2, master: 1, insight: 0, gateway: 1 },
        },
      });
      assert.deepEqual(problemsOf(report), []);
      assert.ok(report.recoveries.length > 0);
      assert.ok(Object.values(report.load.acknowledged).some((count) => count > 0));
    } finally {
      await rm(directory, { recursive: true, force: true });
    }
  });
});
