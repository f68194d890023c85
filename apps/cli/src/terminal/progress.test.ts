import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Run } from "@tutti/rest/types";
import { runRow } from "../commands/runs/list.ts";
import { drawRun } from "../drawing/run-frame.ts";
import { viewOf } from "../follow/run-model.ts";
import { durationOf, progressOf } from "./progress.ts";
import { withoutColours as style } from "./style.ts";

const definition = { name: "order" };
const ended: Run = {
  ...{ runId: "r", kind: "tasks", status: "completed", states: [] },
  spec: { definition, labels: {} },
};

describe("duration and progress", () => {
  it("a retried run lasts from its first start, in the list and in its frame", () => {
    const times = { createTimeMs: 1_000, endTimeMs: 117_000 };
    const listed = { ...ended, ...times, tasks: { completed: 5, skipped: 1, total: 6 } };
    // A retry starts the run again, 353 ms before its end.
    const complete = { ...listed, startTimeMs: 116_647 };
    assert.equal(durationOf(listed, 0), 116_000);
    assert.equal(durationOf(complete, 0), 116_000);
    assert.deepEqual(
      runRow(listed, 200_000)
        .map((entry) => (typeof entry === "string" ? entry : entry.text))
        .slice(3, 6),
      ["6/6", "3 min ago", "1 min 56 s"],
    );
    const frame = drawRun(viewOf(complete, []), { style, width: 80, height: 20, nowMs: 200_000 }).join("\n");
    assert.match(frame, /1 min 56 s/);
    assert.match(frame, /5 of 6 done · 1 skipped/);
  });

  it("a running run lasts until now, and a clock that is behind shows 0", () => {
    assert.equal(durationOf({ createTimeMs: 1_000 }, 3_000), 2_000);
    assert.equal(durationOf({ createTimeMs: 1_000 }, 900), 0);
    assert.equal(durationOf({}, 900), undefined);
  });

  it("counts a skipped task as done, unless another task failed", () => {
    assert.deepEqual(progressOf({ completed: 5, skipped: 1, total: 6 }), { done: 6, total: 6, text: "6/6" });
    assert.equal(progressOf({ completed: 1, failed: 1, skipped: 2, total: 4 }).text, "1/4");
    assert.equal(progressOf(undefined).text, "");
  });
});
