/** The output of `/v1/workflows/convert` compiles, and runs like its source. */
import assert from "node:assert/strict";
import { execFileSync } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath, pathToFileURL } from "node:url";
import { Front } from "./front.ts";

const root = fileURLToPath(new URL("../../../../", import.meta.url));

/** Workflows, each with an input and the output of its run. */
const workflows = [
  {
    text: `workflow: in-order
input: {schema: {type: object, required: [n], properties: {n: {type: integer}}}}
steps:
  first-one: {set: "\${{ input.n + 1 }}"}
  second: {set: "\${{ tasks['first-one'].output * 2 }}", title: "Twice \${{ input.n }}, and $\${{ as text }}"}
output: "\${{ tasks.second.output }}"
`,
    input: { n: 2 },
    output: 6,
  },
  {
    text: `workflow: by-states
initial: small
vars: {n: 1}
states:
  small: {run: {set: "\${{ vars.n }}"}, onDone: large}
  large: {final: true, output: "\${{ 'large' }}"}
`,
    input: undefined,
    output: "large",
  },
  {
    text: `workflow: every-kind
vars: {rounds: 0, list: [1, {"b-c": null}]}
signals: {go: {schema: {type: object}}}
tasks:
  each: {set: "\${{ item * 2 }}", forEach: "\${{ [1, 2, 3] }}", maxParallel: 2}
  pause: {wait: 1ms, needs: [each]}
  late: {wait: {signal: go, within: 1ms}, needs: [pause], mayFail: true}
  check: {gate: {check: "\${{ size(tasks.each.output) == 3 }}"}, needs: [{task: late, on: always}]}
  again:
    needs: [check]
    loop:
      max: 2
      while: "\${{ round.number < 2 }}"
      tasks: {round: {set: "\${{ round.number }}"}}
  more:
    needs: [again]
    spawn: "\${{ [{'id': 'found', 'set': 7}] }}"
output: "\${{ tasks.each.output }}"
`,
    input: undefined,
    output: [2, 4, 6],
  },
];

describe("workflows converted to TypeScript over REST", () => {
  let front: Front;
  let folder: string;
  const files = new Map<string, (typeof workflows)[number]>();

  before(async () => {
    front = await Front.open();
    await mkdir(join(root, ".cache"), { recursive: true });
    // Inside the workspace, where imports of @tutti/sdk resolve as in the folder of a user.
    folder = await mkdtemp(join(root, ".cache", "converted-"));
    for (const each of workflows) {
      const registered = await front.post("/v1/workflows", { text: each.text });
      assert.equal(registered.status, 201, registered.text);
      const { name } = registered.json.definition;
      const { status, json } = await front.post("/v1/workflows/convert", {
        ...{ definition: { name }, format: "typescript" },
      });
      assert.equal(status, 200, JSON.stringify(json));
      assert.equal(json.fileName, `${name}.ts`);
      await writeFile(join(folder, json.fileName), json.text);
      files.set(json.fileName, each);
    }
  });
  after(async () => {
    await front?.[Symbol.asyncDispose]();
    await rm(folder, { recursive: true });
  });

  it("pass the type check", async () => {
    const settings = { extends: join(root, "tsconfig.base.json"), include: ["*.ts"] };
    await writeFile(join(folder, "tsconfig.json"), JSON.stringify(settings));
    const compiler = join(root, "node_modules/typescript/bin/tsc");
    execFileSync(process.execPath, [compiler, "-p", folder, "--noEmit"], { encoding: "utf8", stdio: "pipe" });
  });

  it("run as the version that they were converted from, and return its output", async () => {
    for (const [file, { input, output }] of files) {
      const { default: document } = await import(pathToFileURL(join(folder, file)).href);
      const { json: repeated } = await front.post("/v1/workflows", { text: JSON.stringify(document) });
      assert.equal(repeated.existed, true, file);
      const started = await front.post("/v1/runs", { definition: document.workflow, input });
      const { json } = await front.get(`/v1/runs/${started.json.run.runId}/result?waitMs=20000`);
      assert.deepEqual(json.outcome.completed, output, file);
    }
  });
});
