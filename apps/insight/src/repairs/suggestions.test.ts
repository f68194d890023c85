import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RepairKind, RootCause } from "@tutti/contracts/insight/v1";
import { WorkReference } from "@tutti/contracts/types/v1";
import { repairsOf } from "./suggestions.ts";

const cause = (kind: string, subject: string) => RootCause.fromPartial({ kind, subject });
const work = (kind: string) => WorkReference.fromPartial({ kind, id: "a" });
const retry = [RepairKind.REPAIR_KIND_RETRY, ""];

describe("suggested repairs", () => {
  const table = [
    ["failed runs are retried", ["run", "run"], [], [retry]],
    ["a mission that failed is not retried", ["mission"], [], []],
    [
      "a worker is paused or quarantined, once",
      ["run"],
      [cause("agent", "w1"), cause("agent", "w1")],
      [retry, [RepairKind.REPAIR_KIND_PAUSE_AGENT, "w1"], [RepairKind.REPAIR_KIND_QUARANTINE_AGENT, "w1"]],
    ],
    [
      "runs of a version move if its workflow is known",
      [],
      [cause("version", "order@abc"), cause("version", "0123abc")],
      [[RepairKind.REPAIR_KIND_MOVE, "order"]],
    ],
    ["a pool is paused", [], [cause("pool", "gpu")], [[RepairKind.REPAIR_KIND_PAUSE_POOL, "gpu"]]],
    ["a label suggests nothing", [], [cause("label team", "core")], []],
  ] as const;
  for (const [title, failed, causes, expected] of table)
    it(title, () => {
      const found = repairsOf(
        { failed: failed.map(work), causes: [...causes] },
        { tasks: [], queued: [], unwell: [] },
      );
      assert.deepEqual(
        found.map(({ kind, subject }) => [kind, subject]),
        expected.map((each) => [...each]),
      );
    });

  it("an input is corrected at the tasks that failed, a pool with a queue and a scaler is scaled, and a breaker is opened", () => {
    const tasks = ["charge", "ship"].map((task) => ({ definition: "order", task, runs: 3 }));
    const unwell = [{ id: "inst_1", service: "swarm", address: "10.0.0.7:7501" }];
    const found = repairsOf(
      { failed: [], causes: [] },
      { tasks, queued: [{ pool: "gpu", scalerId: "s" }], unwell },
    );
    assert.deepEqual(
      found.map(({ kind, subject, taskId }) => [kind, subject, taskId]),
      [
        [RepairKind.REPAIR_KIND_FIX, "order", "charge"],
        [RepairKind.REPAIR_KIND_FIX, "order", "ship"],
        [RepairKind.REPAIR_KIND_SCALE, "gpu/s", ""],
        [RepairKind.REPAIR_KIND_OPEN_BREAKER, "inst_1", ""],
      ],
    );
  });
});
