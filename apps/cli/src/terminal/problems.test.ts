import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { drawProblem } from "./problems.ts";
import { withoutColours as style } from "./style.ts";

const problem = {
  severity: "error",
  fileName: "order.yaml",
  line: 2,
  column: 10,
  path: "tasks.ship",
  message: "unknown key `timeuot`",
  expected: "timeout",
};

describe("a problem at its place", () => {
  it("is shown with its line and a caret below its column", () =>
    assert.deepEqual(drawProblem(problem, "tasks:\n  ship: {timeuot: 5s}\n", { style, width: 80 }), [
      "order.yaml:2:10: error: tasks.ship: unknown key `timeuot` (expected timeout)",
      "  2 │   ship: {timeuot: 5s}",
      "    │          ^",
    ]));

  it("shows a long line around its column", () => {
    const text = `tasks: {${"a: b, ".repeat(60)}oops: 1}`;
    const [, line = "", caret = ""] = drawProblem(
      { ...problem, line: 1, column: text.indexOf("oops") + 1 },
      text,
      {
        style,
        width: 60,
      },
    );
    assert.ok(line.length <= 60, line);
    assert.equal(line.slice(caret.indexOf("^"), caret.indexOf("^") + 4), "oops");
  });

  it("places the caret correctly below wide characters", () => {
    const [, line, caret] = drawProblem({ ...problem, line: 1, column: 7 }, "名前: {x: 1}", {
      style,
      width: 60,
    });
    assert.deepEqual([line, caret], ["  1 │ 名前: {x: 1}", "    │         ^"]);
  });

  it("is shown without a line if it has no position", () =>
    assert.deepEqual(
      drawProblem({ ...problem, line: 0, column: 0, path: "", expected: "" }, "", { style, width: 60 }),
      ["order.yaml: error: unknown key `timeuot`"],
    ));
});
