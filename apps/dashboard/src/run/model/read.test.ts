import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Run, Task } from "@tutti/rest/types";
import { failureOf, runOf, taskOf } from "./read.ts";

describe("what the interface sends", () => {
  it("of a run: absent is what it means", () => {
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

  it("of a task: needs have a condition, null is an output, an unknown state is one to come", () => {
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

  it("of an error: nothing where there was none", () => {
    assert.equal(failureOf(undefined), undefined);
  });
});
