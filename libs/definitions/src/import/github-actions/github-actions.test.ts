/** Matrices, inputs and conditions of GitHub Actions. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, it } from "node:test";
import { expressionOf, template } from "../cel.ts";
import { silentValues } from "../completeness.fixture.ts";
import { type Imported, importGithubActions } from "../index.ts";

interface Task {
  readonly [key: string]: unknown;
}

const untranslatedOf = ({ untranslated }: Imported) =>
  untranslated.map(({ line, construct }) => `${line} ${construct}`);
const taskOf = ({ documents }: Imported, workflow: string, id: string): Task => {
  const found = (documents as { workflow?: string; tasks?: Record<string, Task> }[]).find(
    (each) => each.workflow === workflow,
  );
  return found?.tasks?.[id] ?? {};
};

describe("a matrix of GitHub Actions", () => {
  const text = readFileSync(new URL("../../../test/github-actions/matrix.yml", import.meta.url), "utf8");
  const imported = importGithubActions(text);

  it("has a child run for each combination", () => {
    assert.deepEqual(untranslatedOf(imported), ["24 env TOKEN: ${{ secrets.TOKEN }}"]);
    assert.deepEqual(silentValues(text, importGithubActions), []);
    const combinations = [
      { os: "linux", node: 18, color: "green" },
      { os: "linux", node: 20, color: "" },
      { os: "mac", node: 20, color: "" },
      { os: "mac", node: 23, color: "red" },
    ];
    assert.deepEqual(taskOf(imported, "matrix", "build"), {
      forEach: template(expressionOf(combinations)),
      maxParallel: 2,
      failFast: false,
      workflow: "matrix-build",
      with: { matrix: "${{ item }}", inputs: "${{ input }}" },
    });
  });

  it("has its values and the inputs in the steps", () => {
    assert.deepEqual(taskOf(imported, "matrix-build", "build-test")["with"], {
      command: ["bash", "-e", "-c", "npm test -- ${{ input.matrix.node }} ${{ input.inputs.level }}"],
      env: { NODE: "${{ string(input.matrix.node) }}" },
    });
    const { command } = taskOf(imported, "matrix-build", "build-2")["with"] as { command: string[] };
    assert.equal(command[3], 'echo ${{ ((string(input.matrix.color) == "red") ? "warm" : "cold") }}');
    assert.equal(taskOf(imported, "matrix-build", "build-3")["when"], '(string(input.matrix.os) == "mac")');
  });

  it("keeps steps whose names are alike", () => {
    const steps = ["test", "test 3", "test"].map(
      (name, at) => `      - name: ${name}\n        run: echo ${at}\n`,
    );
    const found = importGithubActions(
      `name: alike\non: push\njobs:\n  build:\n    steps:\n${steps.join("")}`,
    );
    const [{ tasks = {} } = {}] = found.documents as { tasks?: Record<string, Task> }[];
    assert.deepEqual(Object.keys(tasks), ["build-test", "build-test-3", "build-test-2"]);
  });

  it("runs steps and jobs after failures as their conditions require", () => {
    const order = (id: string) => {
      const { needs, when } = taskOf(imported, "matrix", id);
      return [needs, when];
    };
    const always = (task: string) => ({ task, on: "always" });
    const high = '(string(input.level) == "high")';
    assert.deepEqual(order("check-1"), [["build"], high]);
    assert.deepEqual(order("check-2"), [[always("check-1")], high]);
    assert.deepEqual(order("check-3"), [["check-1", "check-2"], high]);
    const earlier = ["build", "check-1", "check-2", "check-3"];
    const failed = earlier.map((id) => `tasks${id === "build" ? ".build" : `["${id}"]`}.status == "failed"`);
    assert.deepEqual(order("report-1"), [earlier.map(always), `(${failed.join(" || ")})`]);
  });

  it("skips the dependents of a failed or skipped job, unless they have a condition of their own", () => {
    const text = `on: {workflow_dispatch: {inputs: {n: {type: number}}}}
jobs:
  a: {steps: [{run: ls}, {run: lint, continue-on-error: true}, {run: pwd}]}
  b: {needs: a, if: inputs.n > 5, steps: [{run: ls}]}
  c: {needs: b, steps: [{run: ls}]}
  d: {needs: b, if: always(), steps: [{run: ls}]}
  e: {needs: d, steps: [{run: ls}]}
`;
    const imported = importGithubActions(text);
    const order = (id: string) => {
      const { needs, when } = taskOf(imported, "actions", id);
      return [needs, when];
    };
    const size = "(double(input.n) > double(5))";
    assert.deepEqual(order("a-3"), [["a-1", { task: "a-2", on: "always" }], undefined]);
    assert.deepEqual(order("b-1"), [["a-3"], size]);
    assert.deepEqual(order("c-1"), [["b-1"], size]);
    const always = ["a-1", "a-2", "a-3", "b-1"].map((task) => ({ task, on: "always" }));
    assert.deepEqual(order("d-1"), [always, undefined]);
    assert.deepEqual(order("e-1"), [["d-1", "b-1"], size]);
  });

  it("is listed with its job if it is computed", () => {
    const computed =
      "jobs: {a: {strategy: {matrix: '${{ fromJSON(needs.b.outputs.c) }}'}, steps: [{run: ls}]}}";
    assert.deepEqual(untranslatedOf(importGithubActions(computed)), ["1 job a: strategy"]);
  });
});

describe("a condition of GitHub Actions", () => {
  const level = "string(input.level)";
  for (const [source, when] of [
    ["inputs.level == 'high'", `(${level} == "high")`],
    [
      "inputs.level != 'a' && !inputs.dry",
      `((${level} != "a") && !!(string(input.dry) in ["", "0", "false"]))`,
    ],
    [
      "contains(inputs.level, 'i') || inputs.size >= 3",
      `(${level}.contains("i") || (double(input.size) >= double(3)))`,
    ],
    ["success() && github.event.inputs.level == '18'", `(${level} == "18")`],
    ["github.ref == 'main'", undefined],
    ["failure() || inputs.dry", undefined],
    ["inputs.dry || inputs.level == 'a' && failure()", undefined],
    ["inputs.level == 'a&&b'", `(${level} == "a&&b")`],
    ["inputs.level == 'a&&b' && success()", undefined],
    ["(inputs.level == 'a' || inputs.level == 'b') && success()", `((${level} == "a") || (${level} == "b"))`],
    ["inputs.level == null", undefined],
    ["toString(inputs.level, 'x')", undefined],
  ] as const)
    it(`${source} is ${when === undefined ? "listed" : "translated"}`, () => {
      const inputs = "{level: {}, dry: {type: boolean}, size: {type: number}}";
      const step = `{run: ls, if: "${source}"}`;
      const text = `on: {workflow_dispatch: {inputs: ${inputs}}}\njobs:\n  a: {steps: [{run: ls}, ${step}]}\n`;
      const imported = importGithubActions(text);
      assert.deepEqual(untranslatedOf(imported), when === undefined ? [`3 if: ${source}`] : []);
      assert.equal(taskOf(imported, "actions", "a-2")["when"], when);
    });
});

describe("common workflows of GitHub Actions", () => {
  for (const name of ["node-ci", "nightly", "services", "environments", "reuse"]) {
    const text = readFileSync(new URL(`../../../test/github-actions/${name}.yml`, import.meta.url), "utf8");
    const found = importGithubActions(text);

    it(`${name}: each value is translated or listed once`, () => {
      assert.deepEqual(silentValues(text, importGithubActions), []);
      const list = untranslatedOf(found);
      assert.deepEqual(list, [...new Set(list)]);
    });

    it(`${name}: the list says what to do about the keys of workflows and jobs`, () => {
      const without = found.untranslated.filter(({ reason }) => reason === "it has no counterpart");
      assert.deepEqual(
        without.map(({ construct }) => construct),
        name === "nightly" ? ['on.schedule.1.timezone: "Europe/Berlin"'] : [],
      );
    });
  }

  it("expressions in the place of a number or a condition are listed", () => {
    const text = `jobs:
  a:
    strategy: {matrix: {n: [1]}, max-parallel: "\${{ inputs.x }}", fail-fast: "\${{ inputs.y }}"}
    steps: [{run: ls, continue-on-error: "\${{ inputs.z }}", timeout-minutes: 0.5}]
  b: {steps: [{run: ls, timeout-minutes: "\${{ inputs.z }}"}]}
`;
    const imported = importGithubActions(text);
    assert.deepEqual(untranslatedOf(imported), [
      "3 max-parallel: ${{ inputs.x }}",
      "3 fail-fast: ${{ inputs.y }}",
      "4 continue-on-error: ${{ inputs.z }}",
      "5 timeout-minutes: ${{ inputs.z }}",
    ]);
    assert.equal(taskOf(imported, "actions-a", "a-1")["timeout"], "30s");
  });

  it("an action is refused, because a workflow imports it", () => {
    assert.throws(
      () => importGithubActions("runs: {using: composite, steps: []}"),
      /it is an action\. Import a/,
    );
  });
});

describe("a variable of GitHub Actions that is not translated", () => {
  const text = `env: {SHA: "\${{ github.sha }}", TAG: "v-\${{ env.SHA }}", CI: "true"}
on: workflow_dispatch
jobs:
  build:
    steps:
      - run: npm test
      - run: docker push app:$SHA
      - run: echo \${{ env.TAG }}
      - run: make HASH=$SHARED
      - run: make release
        env: {SHA: "\${{ github.ref }}"}
      - run: echo $SHA
        env: {SHA: abc}
`;
  const imported = importGithubActions(text);

  it("is listed once, and only steps that mention it are left out", () => {
    const tasks = Object.keys((imported.documents[0] as { tasks: object }).tasks);
    assert.deepEqual(tasks, ["build-1", "build-4", "build-6"]);
    assert.deepEqual(taskOf(imported, "actions", "build-1")["with"], {
      command: ["bash", "-e", "-c", "npm test"],
      env: { CI: "true" },
    });
    assert.deepEqual(taskOf(imported, "actions", "build-6")["with"], {
      command: ["bash", "-e", "-c", "echo $SHA"],
      env: { SHA: "abc", CI: "true" },
    });
    assert.deepEqual(untranslatedOf(imported), [
      "1 env SHA",
      "1 env TAG",
      "7 steps: docker push app:$SHA",
      "8 steps: echo ${{ env.TAG }}",
      "10 steps: make release",
      "11 env SHA",
    ]);
    assert.deepEqual(silentValues(text, importGithubActions), []);
  });
});
