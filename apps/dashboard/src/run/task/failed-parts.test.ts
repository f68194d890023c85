import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { task } from "../testing/facts.ts";
import { failedPartsOf } from "./failed-parts.ts";

describe("failed parts", () => {
  const entry = (id: string, state: "failed" | "cancelled" | "completed", parentId = "each") =>
    task(id, { parentId, state });
  const tasks = [
    task("each", { state: "failed" }),
    ...[entry("each[0]", "failed"), entry("each[1]", "completed"), entry("each[2]", "cancelled")],
    ...[entry("each[3]", "failed"), entry("each[3].a", "failed", "each[3]")],
    task("other", { state: "failed" }),
  ];

  it("are the failed entries of a task, separate from cancelled entries", () => {
    assert.deepEqual(failedPartsOf(tasks, "each"), { failed: ["each[0]"], cancelled: ["each[2]"] });
    assert.deepEqual(failedPartsOf(tasks, "each[3]").failed, ["each[3].a"]);
  });

  it("of a run are the entries where failures started", () => {
    assert.deepEqual(failedPartsOf(tasks, "").failed, ["each[0]", "each[3].a"]);
    assert.deepEqual(failedPartsOf([task("a", { state: "failed" })], "").failed, []);
  });
});
