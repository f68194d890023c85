import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { checkConformance, commandWorker, conformanceRules, renderReport } from "@tutti/sdk/conformance";
import { folder, python } from "./python.fixture.ts";

const asRules = { grpc: conformanceRules.length, websocket: conformanceRules.length - 1 };

export function describeConformance(transport: keyof typeof asRules): void {
  describe("the Python worker", { skip: python.skip }, () => {
    it(`follows every rule of the link over ${transport}`, async () => {
      const reports = await checkConformance({
        transport,
        launch: commandWorker([python.path, join(folder, "tests", "conformance_worker.py")]),
        patience: 3,
        concurrency: 4,
      });
      const broken = reports.filter(({ kept }) => !kept);
      assert.deepEqual(broken.map(renderReport), []);
      // A WebSocket is not redirected.
      assert.equal(reports.length, asRules[transport]);
    });
  });
}
