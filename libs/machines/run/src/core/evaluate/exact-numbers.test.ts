import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RunScene } from "../../testing/index.ts";

const decoder = new TextDecoder();
const input = new TextEncoder().encode(
  '{"id":9007199254740993,"ids":[9007199254740993,9007199254740992],"n":1}',
);
const inputOf = (scene: RunScene, task: string) =>
  decoder.decode(scene.offer(task).effect.input as Uint8Array);

/** The first of two numbers that are one double. */
const one = "9007199254740993";

describe("whole numbers beyond the precision of a double", () => {
  it("keep every digit in inputs of tasks", () => {
    const scene = RunScene.of(
      `workflow: ids
tasks:
  whole: {uses: test.a, with: "\${{ input }}"}
  part: {uses: test.a, with: {order: "\${{ input.ids }}", n: "\${{ input.n }}"}}
  text: {uses: test.a, with: "order \${{ input.id }} of \${{ input.ids }}"}
  alone: {uses: test.a, with: {id: "\${{ input.id }}"}}
  each: {uses: test.a, forEach: "\${{ input.ids }}", with: {id: "\${{ item }}"}}
`,
      { input },
    );
    assert.equal(inputOf(scene, "whole"), decoder.decode(input));
    assert.equal(inputOf(scene, "part"), `{"n":1,"order":[${one},9007199254740992]}`);
    assert.equal(inputOf(scene, "text"), `"order ${one} of [${one},9007199254740992]"`);
    // A worker in JavaScript would round a number.
    assert.equal(inputOf(scene, "alone"), `{"id":"${one}"}`);
    assert.equal(inputOf(scene, "each[0]"), `{"id":"${one}"}`);
  });

  it("are compared exactly", () => {
    const scene = RunScene.of(
      `workflow: ids
tasks:
  same: {uses: test.a, when: "input.id == ${one}"}
  other: {uses: test.a, when: "input.id == 9007199254740992 || input.ids[0] == input.ids[1]"}
  calculated: {uses: test.a, with: "\${{ string(input.id - 9007199254740990) }}"}
`,
      { input },
    );
    assert.deepEqual(scene.offered, ["same", "calculated"]);
    assert.equal(inputOf(scene, "calculated"), '"3"');
  });

  it("reach tasks that are added, and the output of the run", () => {
    const scene = RunScene.of(
      `workflow: ids
tasks:
  plan: {uses: test.plan}
  grow: {spawn: {tasks: tasks.plan.output.tasks, max: 3}}
output: {all: "\${{ tasks.plan.output }}"}
`,
    );
    scene.complete("plan", { tasks: [{ id: "x", uses: "test.x", with: { id: JSON.rawJSON(one) } }] });
    assert.equal(inputOf(scene, "x"), `{"id":${one}}`);
    scene.complete("x");
    assert.match(decoder.decode(scene.state?.output as Uint8Array), new RegExp(`"id":${one}`));
  });
});
