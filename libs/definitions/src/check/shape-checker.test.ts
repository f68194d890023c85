import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { printProblem } from "../problem.ts";
import { checkText } from "./checker.ts";

const problemOf = (task: string): string => {
  const text = `workflow: w\ntasks:\n  one: ${task}\n`;
  const { problems } = checkText({ format: "yaml", text, fileName: "a.yaml" });
  return problems.map(printProblem).join("\n");
};

describe("a key of another product", () => {
  for (const [task, known] of [
    ["{uses: a.b, startToCloseTimeout: 1m}", "timeout"],
    ["{uses: a.b, timeout: {start_to_close_timeout: 1m}}", "run"],
    ["{uses: a.b, retry: {maximumAttempts: 3}}", "attempts"],
    ["{uses: a.b, depends_on: [two]}", "needs"],
    ["{uses: a.b, if: input.x}", "when"],
    ["{uses: a.b, continue-on-error: true}", "mayFail"],
    ["{uses: a.b, rollback: {uses: a.c}}", "compensate"],
  ] as const)
    it(`gets a suggestion: ${task}`, () => {
      assert.match(problemOf(task), new RegExp(`unknown key ".*"\\. Did you mean \`${known}\`\\?`));
    });

  it("gets none if no key has its meaning there", () => {
    assert.match(
      problemOf("{uses: a.b, retry: {taskQueue: x}}"),
      /unknown key "taskQueue" \(expected one of attempts/,
    );
  });
});
