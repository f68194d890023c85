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
  it("are the same tasks when they are made a definition again", () => {
    const text = order.replace(", placement: {sameAgentAs: [reserve]}", "");
    const { plan, ...definition } = definitionOf(text);
    const made = taskSpecsOf({ plan, ...definition });
    assert.ok("tasks" in made && plan !== undefined);
    const again = checkDocument(documentOfTasks("order", TaskList.fromPartial({ tasks: made.tasks })));
    const { tasks, works, policies, edges, programs } = again.definition?.plan ?? assert.fail("no plan");
    assert.deepEqual(works, plan.works);
    assert.deepEqual(policies, plan.policies);
    assert.deepEqual(edges, plan.edges);
    assert.deepEqual(
      tasks.map(({ id, input, when }) => [id, programs[input], programs[when]]),
      plan.tasks.map(({ id, input, when }) => [id, plan.programs[input], plan.programs[when]]),
    );
  });

  it("keep the default condition of a need: a task that its own `when` skips does not skip what needs it", () => {
    const made = taskSpecsOf(
      definitionOf("workflow: w\ntasks: {a: {uses: x.y, when: 'false'}, b: {uses: x.z, needs: [a]}}\n"),
    );
    assert.ok("tasks" in made);
    assert.deepEqual(made.tasks[1]?.needs, [{ task: "a", condition: NeedCondition.NEED_CONDITION_DONE }]);
  });

  for (const [name, wanted] of [
    ["UNSPECIFIED", undefined],
    ["SUCCESS", "success"],
    ["FAILURE", "failure"],
    ["ALWAYS", "always"],
    ["DONE", "done"],
  ] as const)
    it(`a need whose condition is ${name} is ${wanted ?? "left to the default"} in a document`, () => {
      const needs = [{ task: "a", condition: NeedCondition[`NEED_CONDITION_${name}`] }];
      const list = TaskList.fromPartial({ tasks: [{ id: "a" }, { id: "b", needs }] });
      const wantedNeed = wanted === undefined ? { task: "a" } : { task: "a", on: wanted };
      assert.deepEqual(documentOfTasks("order", list).tasks?.["b"]?.needs, [wantedNeed]);
    });

  for (const [input, when, wanted] of [
    ["1", "", "DONE"],
    ['"${{ tasks.a.output }}"', "", "SUCCESS"],
    ['"${{ tasks[\\"a\\"].output.n }}"', "", "SUCCESS"],
    ['"${{ tasks.a.status }}"', "", "DONE"],
    ['"${{ tasks.ab.output }}"', "", "DONE"],
    ["1", "tasks.a.output > 1", "SUCCESS"],
    ["1", "tasks.a.error.code == 'x'", "DONE"],
  ] as const)
    it(`a plain need is ${wanted} for the input ${input} and the condition ${when || "none"}, in each mode`, () => {
      const body = { $case: "inline" as const, value: Buffer.from(input) };
      const given = { id: "b", when, input: { body, mediaType: "" }, needs: [{ task: "a" }] };
      const work = { $case: "capability" as const, value: "x.y" };
      const others = ["a", "ab"].map((id) => ({ id, work }));
      const list = TaskList.fromPartial({ tasks: [...others, { ...given, work }] });
      const condition = NeedCondition[`NEED_CONDITION_${wanted}`];
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
  it("have their gang, and so has the document that is made of them", () => {
    const made = taskSpecsOf(
      definitionOf("workflow: order\ntasks: {a: {uses: x.y, gang: g}, b: {uses: x.y, gang: g}}\n"),
    );
    const specs = "tasks" in made ? made.tasks : [];
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
    it(`are not to be had of what only a run can do: ${text.replaceAll("\n", ", ")}`, () => {
      const made = taskSpecsOf(definitionOf(`workflow: order\n${text}\n`));
      assert.match("problem" in made ? made.problem : "none", problem);
    });
});
