import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { TaskSpec } from "@tutti/contracts/types/v1";
import { circleProblem } from "@tutti/machine-work";

/** `a: b c` needs b and c. */
function problemOf(...lines: readonly string[]): string | undefined {
  const specs = lines.map((line) => {
    const [id = "", needs = ""] = line.split(":");
    const tasks = needs.split(" ").filter(Boolean);
    return TaskSpec.fromPartial({ id, needs: tasks.map((task) => ({ task })) });
  });
  const found = circleProblem(specs, new Set(specs.map(({ id }) => id)));
  return found && `${found.task}: ${found.problem}`;
}

describe("needs of tasks", () => {
  for (const [title, lines, problem] of [
    ["that come to an end are no cycle", ["a:", "b: a", "c: a b"], undefined],
    ["of earlier tasks are no cycle", ["a: old"], undefined],
    ["of itself are one", ["a: a"], /^a: .*got a cycle: a → a$/],
    ["in a cycle are named in their order", ["a: c", "b: a", "c: b"], /cycle: a → c → b → a$/],
    [
      "of a cycle are no part of it: only those in it are named",
      ["last: b", "start:", "a: b start", "b: start a"],
      /^(a: .*: a → b → a|b: .*: b → a → b)$/,
    ],
  ] as const)
    it(title, () => {
      const found = problemOf(...lines);
      if (problem === undefined) assert.equal(found, undefined);
      else assert.match(found ?? "", problem);
    });

  it("in a very long cycle are cut short", () => {
    const lines = Array.from({ length: 1_000 }, (_, at) => `t${at}: t${(at + 1) % 1_000}`);
    assert.match(problemOf(...lines) ?? "", /cycle: t0 → t1 → .* → t9 → … → t0$/);
  });
});
