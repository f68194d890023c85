import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { TaskCounts } from "./generated/types.ts";
import { bytesText, newRunsPercent, pausedTaskText, rejectionText } from "./text.ts";

describe("texts of the CLI and the dashboard", () => {
  const sizes: readonly (readonly [number, string])[] = [
    [0, "0 B"],
    [1_023, "1023 B"],
    [1_536, "1.5 KiB"],
    [10_200, "10 KiB"],
    [44_040_192, "42 MiB"],
    [1_048_166, "1.0 MiB"],
    [1_073_741_824, "1.0 GiB"],
    [2 ** 50, "1024 TiB"],
  ];
  for (const [bytes, text] of sizes)
    it(`${bytes} bytes are ${text}`, () => assert.equal(bytesText(bytes), text));

  const runs: readonly (readonly [string | undefined, TaskCounts | undefined, string | undefined])[] = [
    ["running", { paused: 1 }, "task paused"],
    ["running", { paused: 1, waiting: 2, pending: 1, held: 1, completed: 5 }, "task paused"],
    ["running", { paused: 1, queued: 1 }, undefined],
    ["running", { paused: 1, running: 1 }, undefined],
    ["running", { paused: 1, retrying: 1 }, undefined],
    ["running", { paused: 1, compensating: 1 }, undefined],
    ["running", { waiting: 1 }, undefined],
    ["running", undefined, undefined],
    ["paused", { paused: 1 }, undefined],
    ["completed", { paused: 1 }, undefined],
    [undefined, { paused: 1 }, undefined],
  ];
  for (const [status, tasks, text] of runs)
    it(`a run that is ${status} with ${JSON.stringify(tasks)} is written as ${text ?? "its state"}`, () =>
      assert.equal(pausedTaskText(status, tasks), text));

  it("a rejected approval names the person and the reason, and other errors keep their message", () => {
    const code = "workflow.approval_rejected";
    const textOf = (details: Record<string, string>) => rejectionText({ code, details });
    assert.equal(textOf({ by: "ana", reason: "too expensive" }), "rejected by ana: too expensive");
    assert.equal(textOf({ by: "", reason: "" }), "rejected by an approver");
    assert.equal(textOf({ task: "sure" }), undefined);
    assert.equal(rejectionText({ code: "test.closed", details: { by: "ana" } }), undefined);
    assert.equal(rejectionText(undefined), undefined);
  });

  it("a version shows its percentage of new runs, the latest version the rest, and an archived one none", () => {
    const rollout = { hash: "b", percent: 10 };
    assert.equal(newRunsPercent({ hash: "b", versionLabels: ["2.0.0"], rollout }), 10);
    assert.equal(newRunsPercent({ hash: "a", versionLabels: ["latest"], rollout }), 90);
    assert.equal(newRunsPercent({ hash: "a", versionLabels: ["latest"] }), 100);
    assert.equal(newRunsPercent({ hash: "a", versionLabels: ["latest"], archived: true }), undefined);
    assert.equal(newRunsPercent({ hash: "c", versionLabels: ["3"] }), undefined);
  });
});
