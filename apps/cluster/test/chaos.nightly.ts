import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { natsServerProgram } from "@tutti/nats/testing";
import { usualShape } from "../src/index.ts";
import { type DrillReport, drill } from "./chaos/drill.ts";
import { problemsOf } from "./chaos/report.ts";

const program = await natsServerProgram();

/** Drills. A restart of all processes has its own, because it takes as long as many other faults. */
const drills = [
  {
    title: "one thing after the other happens",
    only: ["kill", "freeze", "cut off", "slow", "clock"],
    forMs: 60_000,
  },
  { title: "each process is restarted in turn", only: ["restart"], forMs: 1 },
];

for (const { title, only, forMs } of drills)
  describe(`a cluster under load, in which ${title}`, { skip: program.skip }, () => {
    let directory: string;
    let report: DrillReport;

    before(async () => {
      directory = await mkdtemp(join(tmpdir(), "tutti-chaos-"));
      report = await drill({
        ...{ directory, natsServer: program.path, seed: 7, forMs, only, log: () => {} },
        shape: { ...usualShape, processes: { ...usualShape.processes, gateway: 2 } },
      });
    });

    after(() => rm(directory, { recursive: true, force: true }));

    it("loses no acknowledged write, does nothing twice, and behaves as one system", () => {
      assert.deepEqual(problemsOf(report), []);
    });

    it("had recoveries, acknowledged calls of every kind, and an object with more than 10 calls", () => {
      assert.ok(report.recoveries.length > 0);
      for (const count of Object.values(report.load.acknowledged)) assert.ok(count > 0);
      assert.ok(report.things.some(({ calls }) => calls > 10));
    });
  });
