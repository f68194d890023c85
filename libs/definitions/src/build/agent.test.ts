import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkText } from "../check/checker.ts";

function checked(agent: string) {
  const text = `workflow: ask\ntasks:\n  answer:\n    agent: ${agent}\n`;
  return checkText({ fileName: "a.yaml", format: "yaml", text });
}

describe("a task of the kind agent", () => {
  it("is a durable function with its options as input", () => {
    const { definition, problems } = checked(
      '{model: "local:a", instructions: "Look at ${{ input.topic }}.", approve: "${{ call.name == \'pay\' }}", max: 3}',
    );
    assert.deepEqual(problems, []);
    const { plan } = definition ?? {};
    assert.deepEqual(plan?.works, [{ kind: "function", capability: "tutti.agent", versionRange: "" }]);
    const [task] = plan?.tasks ?? [];
    assert.equal(task?.kind, "function");
    const { source } = plan?.programs[task?.input ?? -1] ?? {};
    assert.deepEqual(JSON.parse(JSON.stringify(source)), {
      approve: "call.name == 'pay'",
      instructions: "Look at ${{ input.topic }}.",
      max: 3,
      model: "local:a",
    });
  });

  it("has its conditions checked when it is registered", () => {
    for (const [key, wrong] of [
      ["approve", "call.nam == 1"],
      ["deny", "input.amount > 1"],
      ["deny", "call.name"],
    ] as const) {
      const { problems } = checked(`{model: "local:a", instructions: x, ${key}: "${wrong}"}`);
      const [first] = problems;
      assert.match(String(first?.path), new RegExp(`agent\\.${key}$`), wrong);
    }
    const { problems } = checked('{model: "local:a", instructions: x, guard: {output: "prompt != 1"}}');
    assert.match(String(problems[0]?.path), /agent\.guard\.output$/);
    const { problems: missing } = checked("{model: a}");
    assert.match(missing[0]?.message ?? "", /instructions/);
  });
});
