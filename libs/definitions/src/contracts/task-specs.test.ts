import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { NeedCondition, TaskList } from "@tutti/contracts/types/v1";
import { checkDocument, checkText } from "../check/checker.ts";
import { documentOfTasks, withNeedConditions } from "./task-list.ts";
import { taskSpecsOf } from "./task-specs.ts";

function definitionOf(text: string) {
  const { definition, problems } = checkText({ format: "yaml", text, fileName: "order.yaml" });
  assert.ok(definition !== undefined, JSON.stringify(problems));
  return definition;
}

const order = `workflow: order
tasks:
  reserve:
    uses: stock.reserve@^2
    with: {items: "\${{ input.items }}"}
    retry: {attempts: 5, backoff: 1s..1m, notOn: [stock.empty]}
    timeout: {run: 30s}
    labels: {team: store}
    placement: {pool: stock, require: {equals: {zone: a}}, stickyKey: "\${{ input.customer }}"}
    resources: {cpu: 2}
    estimate: {duration: 3s, money: 0.5, tokens: 10}
    idempotencyKey: "\${{ input.id }}"
    priority: 7
  charge: {needs: [reserve], uses: pay.charge, when: "input.total > 0", with: "\${{ tasks.reserve.output }}"}
  report: {needs: [{task: charge, on: failure}], workflow: report@stable}
  deep: {needs: [{task: report, on: always}], mission: explore, placement: {sameAgentAs: [reserve]}}
`;

describe("tasks of a definition in the words of the contracts", () => {
  it("give the same tasks when they are converted back to a definition", () => {
    const text = order.replace(", placement: {sameAgentAs: [reserve]}", "");
    const { plan, ...definition } = definitionOf(text);
    const result = taskSpecsOf({ plan, ...definition });
    assert.ok("tasks" in result && plan !== undefined);
    const reparsed = checkDocument(documentOfTasks("order", TaskList.fromPartial({ tasks: result.tasks })));
    const { tasks, works, policies, edges, programs } = reparsed.definition?.plan ?? assert.fail("no plan");
    assert.deepEqual(works, plan.works);
    assert.deepEqual(policies, plan.policies);
    assert.deepEqual(edges, plan.edges);
    assert.deepEqual(
      tasks.map(({ id, input, when }) => [id, programs[input], programs[when]]),
      plan.tasks.map(({ id, input, when }) => [id, plan.programs[input], plan.programs[when]]),
    );
  });

  it("keep the default condition of a need: a task skipped by its own `when` does not skip its dependents", () => {
    const result = taskSpecsOf(
      definitionOf("workflow: w\ntasks: {a: {uses: x.y, when: 'false'}, b: {uses: x.z, needs: [a]}}\n"),
    );
    assert.ok("tasks" in result);
    assert.deepEqual(result.tasks[1]?.needs, [{ task: "a", condition: NeedCondition.NEED_CONDITION_DONE }]);
  });

  for (const [name, expected] of [
    ["UNSPECIFIED", undefined],
    ["SUCCESS", "success"],
    ["FAILURE", "failure"],
    ["ALWAYS", "always"],
    ["DONE", "done"],
  ] as const)
    it(`a need with the condition ${name} is ${expected ?? "left to the default"} in a document`, () => {
      const needs = [{ task: "a", condition: NeedCondition[`NEED_CONDITION_${name}`] }];
      const list = TaskList.fromPartial({ tasks: [{ id: "a" }, { id: "b", needs }] });
      const expectedNeed = expected === undefined ? { task: "a" } : { task: "a", on: expected };
      assert.deepEqual(documentOfTasks("order", list).tasks?.["b"]?.needs, [expectedNeed]);
    });

  for (const [input, when, expected] of [
    ["1", "", "DONE"],
    ['"${{ tasks.a.output }}"', "", "SUCCESS"],
    ['"${{ tasks[\\"a\\"].output.n }}"', "", "SUCCESS"],
    ['"${{ tasks.a.status }}"', "", "DONE"],
    ['"${{ tasks.ab.output }}"', "", "DONE"],
    ["1", "tasks.a.output > 1", "SUCCESS"],
    ["1", "tasks.a.error.code == 'x'", "DONE"],
  ] as const)
    it(`a plain need is ${expected} for the input ${input} and the condition ${when || "none"}, in each mode`, () => {
      const body = { $case: "inline" as const, value: Buffer.from(input) };
      const fields = { id: "b", when, input: { body, mediaType: "" }, needs: [{ task: "a" }] };
      const work = { $case: "capability" as const, value: "x.y" };
      const others = ["a", "ab"].map((id) => ({ id, work }));
      const list = TaskList.fromPartial({ tasks: [...others, { ...fields, work }] });
      const condition = NeedCondition[`NEED_CONDITION_${expected}`];
      assert.deepEqual(withNeedConditions(list.tasks)[2]?.needs, [{ task: "a", condition }]);
      const { definition } = checkDocument(documentOfTasks("order", list));
      const { edges } = definition?.plan ?? assert.fail("no plan");
      assert.equal((edges.conditions[0] ?? 0) + 1, condition);
    });

  const refused: readonly (readonly [string, RegExp])[] = [
    ["tasks: {a: {wait: {for: 1s}}}", /`wait` \(task a\)/],
    ['tasks: {a: {forEach: "${{ [1] }}", uses: x.y}}', /`forEach` \(task a\)/],
    ["tasks: {a: {uses: x.y, compensate: {uses: x.z}}}", /`compensate` \(task a\)/],
    ["vars: {n: 1}\ntasks: {a: {uses: x.y}}", /`vars`/],
    ["initial: s\nstates: {s: {final: true}}", /states/],
  ];
  it("keep their gang, and so does the document built from them", () => {
    const result = taskSpecsOf(
      definitionOf("workflow: order\ntasks: {a: {uses: x.y, gang: g}, b: {uses: x.y, gang: g}}\n"),
    );
    const specs = "tasks" in result ? result.tasks : [];
    assert.deepEqual(
      specs.map(({ gang }) => gang),
      ["g", "g"],
    );
    assert.equal(
      documentOfTasks("order", { tasks: specs, output: "", input: undefined }).tasks?.["b"]?.gang,
      "g",
    );
  });

  for (const [text, problem] of refused)
    it(`are not available for a definition that only a run can execute: ${text.replaceAll("\n", ", ")}`, () => {
      const result = taskSpecsOf(definitionOf(`workflow: order\n${text}\n`));
      assert.match("problem" in result ? result.problem : "none", problem);
    });
});
