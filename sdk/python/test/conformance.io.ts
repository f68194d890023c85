import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { checkConformance, commandWorker, conformanceRules, renderReport } from "@tutti/sdk/conformance";
import { folder, python } from "./python.fixture.ts";

describe("the Python worker", { skip: python.skip }, () => {
  it("keeps every rule of the link", async () => {
    const reports = await checkConformance({
      launch: commandWorker([python.path, join(folder, "tests", "conformance_worker.py")]),
      patience: 3,
      concurrency: 4,
    });
    const broken = reports.filter(({ kept }) => !kept);
    assert.deepEqual(broken.map(renderReport), []);
    assert.equal(reports.length, conformanceRules.length);
  });
});
