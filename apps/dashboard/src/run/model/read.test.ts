import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Run, Task } from "@tutti/rest/types";
import { failureOf, runOf, taskOf } from "./read.ts";

describe("replies of the REST API", () => {
  it("of a run: absent fields get their defaults", () => {
    const run: Run = {
      ...{ runId: "r1", kind: "tasks", status: "failed", states: [] },
      outcome: {
        failed: {
          code: "x",
          message: "no",
          violations: [],
          details: {},
          cause: { code: "y", violations: [], details: {} },
        },
      },
    };
    const { id, definition, failure, output, createMs, counts, incarnation } = runOf(run);
    assert.deepEqual(
      [id, definition, output, createMs, counts.total, incarnation],
      ["r1", "", undefined, 0, 0, 1],
    );
    assert.equal(failure?.cause?.code, "y");
  });

  it("of a task: a dependency has a condition, null is an output, and an unknown state is pending", () => {
    const json: Task = {
      ...{ taskId: "a", kind: "uses", status: "completed", labels: {}, attempts: [{ number: 1, pool: "" }] },
      needs: [{ task: "b" }, { task: "c", condition: "always" }],
      outcome: { completed: null },
    };
    const task = taskOf(json);
    assert.deepEqual(
      task.needs.map(({ condition }) => condition),
      ["success", "always"],
    );
    assert.deepEqual([task.hasOutput, task.output, task.attempts[0]?.number], [true, null, 1]);
    assert.equal(taskOf({ ...json, status: "resting" as Task["status"] }).state, "pending");
  });

  it("of an error: an absent error stays absent", () => {
    assert.equal(failureOf(undefined), undefined);
  });
});
