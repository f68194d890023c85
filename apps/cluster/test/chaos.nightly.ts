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

describe("a cluster to which one thing after the other happens", { skip: program.skip }, () => {
  let directory: string;
  let report: DrillReport;

  before(async () => {
    directory = await mkdtemp(join(tmpdir(), "tutti-chaos-"));
    report = await drill({
      ...{ directory, natsServer: program.path, seed: 7, forMs: 60_000, say: () => {} },
      // A restart of everything alone takes longer than that.
      only: ["kill", "freeze", "cut off", "slow", "clock"],
      shape: { ...usualShape, processes: { ...usualShape.processes, gateway: 2 } },
    });
  });

  after(() => rm(directory, { recursive: true, force: true }));

  it("loses nothing that it acknowledged, does nothing twice, and stays one system for its users", () => {
    assert.deepEqual(problemsOf(report), []);
  });

  it("was under load, and was asked for more than one order could answer", () => {
    assert.ok(report.recoveries.length > 0);
    for (const count of Object.values(report.load.acknowledged)) assert.ok(count > 0);
    assert.ok(report.things.some(({ calls }) => calls > 10));
  });
});
