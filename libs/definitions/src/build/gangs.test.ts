import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkText } from "../index.ts";

/** Returns the problems of a definition with two members of a gang and a task before them. */
function problemsOf(one: object, other: object): string[] {
  const task = (more: object) => ({ uses: "a", gang: "build", ...more });
  const definition = { workflow: "w", tasks: { before: { uses: "a" }, one: task(one), other: task(other) } };
  return checkText({ text: JSON.stringify(definition), format: "json", fileName: "w.json" }).problems.map(
    ({ message }) => message,
  );
}

const refused = (reason: string) => [`the members of the gang \`build\` could not start together: ${reason}`];

describe("a gang in a definition", () => {
  for (const [title, one, other, reason] of [
    ["whose members need each other", {}, { needs: ["one"] }, "`other` needs `one`, which is a member too"],
    [
      "with different needs",
      { needs: ["before"] },
      {},
      "`one` needs `before`, and `other` does not need it in the same way",
    ],
    [
      "that may be without a member",
      {},
      { when: "${{ true }}" },
      "`other` has `when`, which a member of a gang cannot have",
    ],
    [
      "whose entries do not all start together",
      {},
      { forEach: "${{ [1, 2] }}", maxParallel: 1 },
      "`other` has `maxParallel`, which a member of a gang cannot have",
    ],
    ["with one member", {}, { gang: "other" }, "this gang has one member"],
  ] as const)
    it(`${title} is refused`, () => {
      assert.ok(problemsOf(one, other).includes(refused(reason)[0] ?? ""), problemsOf(one, other).join("\n"));
    });

  it("with the same needs is accepted, in several pools and with a list", () => {
    const member = { needs: ["before"] };
    const other = { ...member, placement: { pool: "gpu" }, forEach: "${{ input.parts }}" };
    assert.deepEqual(problemsOf(member, other), []);
  });

  it("over the entries of one list is accepted", () => {
    assert.deepEqual(problemsOf({ gang: "all", forEach: "${{ input }}" }, { gang: undefined }), []);
  });
});
