import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { parse } from "yaml";
import { languageJsonSchema } from "../language/json-schema.ts";
import { printProblem } from "../problem.ts";
import { checkText } from "./checker.ts";

const check = (text: string) => checkText({ format: "yaml", text, fileName: "a.yaml" });
const steps = `workflow: order
steps:
  reserve: {uses: stock.reserve}
  check: {uses: stock.check, needs: [{task: reserve, on: always}]}
  charge: {uses: bank.charge, needs: reserve}
  ship: {uses: parcel.ship, when: "\${{ tasks.reserve.output.ok }}"}
`;
const tasks = `workflow: order
tasks:
  reserve: {uses: stock.reserve}
  check: {uses: stock.check, needs: [{task: reserve, on: always}]}
  charge: {uses: bank.charge, needs: [reserve, check]}
  ship: {uses: parcel.ship, needs: [charge], when: "\${{ tasks.reserve.output.ok }}"}
`;

describe("steps", () => {
  it("are tasks that each need the previous task, and have the same version hash", () => {
    const [one, other] = [check(steps), check(tasks)];
    assert.deepEqual(one.problems.map(printProblem), []);
    assert.equal(one.definition?.hash, other.definition?.hash);
    assert.deepEqual(one.definition?.document, other.definition?.document);
  });

  it("have their mistakes at their own places, under their own name", () => {
    const cases: readonly (readonly [text: string, problem: RegExp])[] = [
      [
        "steps:\n  one: {uses: a.b}\n  two: {uss: a.b}\n",
        /^a\.yaml:3:9: error: steps\.two\.uss: unknown key/m,
      ],
      ["steps:\n  one: {uses: a.b, for: [1]}\n", /unknown key "for"\. Did you mean `forEach`\?/],
      ["steps:\n  one: {uses: a.b, needs: [six]}\n", /^a\.yaml:2:28: error: steps\.one\.needs\[0\]: /],
      [
        "steps:\n  one: {uses: a.b, with: '${{ tasks.six.output }}'}\n",
        /^a\.yaml:2:31: error: steps\.one\.with: /,
      ],
      ["steps:\n  1: {uses: a.b}\n", /^a\.yaml:2:3: error: steps.*expected an id with a letter/],
      ["steps: {one: {uses: a.b}}\ntasks: {two: {uses: a.b}}\n", /got `tasks` and `steps`/],
      ["steps: {one: {uses: a.b}}\nstates: {two: {final: true}}\n", /got `steps` and `states`/],
      [
        "steps:\n  - id: one\n    uses: a.b\n",
        /^a\.yaml:2:3: error: steps: expected a mapping such as `send: .*`, without `-`, got a list$/m,
      ],
      ["title: none\n", /expected one of `tasks`, `steps`, `states`, got none/],
    ];
    for (const [text, problem] of cases) {
      const { problems, definition } = check(`${text}workflow: order\n`);
      assert.match(problems.map(printProblem).join("\n"), problem, text);
      assert.equal(definition, undefined);
    }
  });

  it("are in the schema for editors", () => {
    const validate = new Ajv2020({ strict: false }).compile(languageJsonSchema() as object);
    assert.equal(validate(parse(steps)), true, JSON.stringify(validate.errors));
    assert.equal(validate({ ...parse(steps), tasks: parse(tasks).tasks }), false);
  });
});
