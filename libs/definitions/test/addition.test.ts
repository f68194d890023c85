import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { checkAddition, tasksOfList } from "../src/index.ts";
import { planOf } from "./language.fixture.ts";

const plan = planOf(
  "workflow: w\ninput: {schema: {type: object, properties: {n: {type: integer}}}}\nvars: {note: x}\ntasks:\n  a: {uses: x}\n  b: {uses: y, needs: [a]}\n  c: {uses: z}",
);
const exists = (id: string): boolean => plan.tasks.some((task) => task.id === id);

describe("tasks that are added to a run", () => {
  it("may need tasks that are there, which are at the end", () => {
    const { definition, problems } = checkAddition(
      {
        d: { uses: "p", needs: ["a", "e"], with: { n: "${{ input.n }}", b: "${{ tasks.b.output.x }}" } },
        e: { uses: "q", needs: [{ task: "c", on: "always" }], when: "${{ vars.note == 'x' }}" },
      },
      { plan, exists },
    );
    assert.deepEqual(problems, []);
    const added = definition?.plan;
    assert.deepEqual(added?.outside, ["a", "b", "c"]);
    assert.deepEqual(
      added?.tasks.map(({ id, needs, scope }) => [id, needs, scope]),
      [
        ["d", 3, 0],
        ["e", 1, 0],
        ["a", 0, -1],
        ["b", 0, -1],
        ["c", 0, -1],
      ],
    );
    assert.deepEqual(added?.edges.conditions.slice().sort(), [0, 2, 3, 3]);
    assert.deepEqual(
      added?.scopes.map(({ first, count, roots }) => [first, count, roots]),
      [[0, 2, 0]],
    );
    const reference = added?.programs
      .flatMap(({ references }) => references)
      .find(({ name }) => name === "tasks.b.output");
    assert.equal(added?.tasks[reference?.task ?? -1]?.id, "b");
  });

  it("are refused for existing ids, unknown needs, circles and wrong types", () => {
    const { problems } = checkAddition(
      {
        a: { uses: "p" },
        d: { uses: "p", needs: ["nobody", "e"] },
        e: { uses: "p", needs: ["d"], when: "${{ input.n }}" },
      },
      { plan, exists },
    );
    assert.deepEqual(
      problems.map(({ code, path }) => [code, path]),
      [
        ["duplicate", "tasks.a"],
        ["unknown_task", "tasks.d.needs[0]"],
        ["type_mismatch", "tasks.e.when"],
        ["cycle", "tasks.d"],
      ],
    );
  });

  it("come as a list, each with its id", () => {
    assert.deepEqual(
      JSON.stringify(tasksOfList([{ id: "x", uses: "y", needs: ["a"] }])),
      '{"tasks":{"x":{"uses":"y","needs":["a"]}}}',
    );
    assert.deepEqual(tasksOfList({}), { problem: "expected a list of tasks, got something else" });
    assert.deepEqual(tasksOfList([{ uses: "y" }]), {
      problem: "expected a task with an `id` at place 0, got none",
    });
    assert.deepEqual(tasksOfList([{ id: "a" }, { id: "a" }]), {
      problem: "expected each id once, got `a` a second time at place 1",
    });
  });
});
