import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { planned, textOf } from "./compensation.ts";

describe("the compensation of a cancelled run", () => {
  const cases: readonly (readonly [completed: readonly string[], areMore: boolean, words: string])[] = [
    [[], false, "No completed task has a compensation."],
    [["pay"], false, "Compensates 1 completed task: pay."],
    [["pay", "ship[0]"], false, "Compensates 2 completed tasks, the last one first: pay, ship[0]."],
    [
      ["a", "b", "c", "d", "e", "f"],
      true,
      "Compensates at least 6 completed tasks, the last one first: a, b, c, d, e, and 1 more.",
    ],
  ];
  for (const [completed, areMore, text] of cases)
    it(`has words for ${completed.length} tasks`, () => assert.equal(textOf(completed, areMore), text));

  it("is found by the task of the definition, for entries and rounds too", () => {
    assert.deepEqual(["pay", "ship[12]", "grow#2.add", "a[1].b#3.c"].map(planned), [
      ...["pay", "ship", "grow.add", "a.b.c"],
    ]);
  });
});
