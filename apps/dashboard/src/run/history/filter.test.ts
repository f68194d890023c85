import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { events } from "@tutti/rest/history/testing";
import { filtered, partsOf } from "./filter.ts";

describe("a filter of a history", () => {
  const history = events(
    ["run_started"],
    ["task_queued", "ship[0]"],
    ["task_failed", "ship[0]", { error: { message: "too heavy" } }],
    ["task_queued", "shipping"],
    ["approval_asked", "sure", { title: "Pay?" }],
  );
  const numbers = (filter: Partial<Parameters<typeof filtered>[1]>) =>
    filtered(history, { part: "", text: "", task: "", ...filter }).map(({ number }) => number);

  it("keeps the events of a part, of a task with its entries, or with a text", () => {
    assert.deepEqual(numbers({}), [1, 2, 3, 4, 5]);
    assert.deepEqual(numbers({ part: "run" }), [1]);
    assert.deepEqual(numbers({ part: "errors" }), [3]);
    assert.deepEqual(numbers({ part: "people" }), [5]);
    assert.deepEqual(numbers({ task: "ship" }), [2, 3]);
    assert.deepEqual(numbers({ text: "HEAVY" }), [3]);
  });

  it("has every event in a part", () => {
    for (const each of history) assert.ok(partsOf(each).size > 0);
  });
});
