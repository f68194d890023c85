/** `tutti dev` registers the workflows of its folder: files, and exports of modules. */
import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { it } from "node:test";
import { fileURLToPath } from "node:url";
import { until } from "@tutti/kernel/testing";
import { connect } from "@tutti/sdk/client";
import type { LogLine } from "./support/process.ts";
import { start } from "./support/services.ts";

/** Inside the workspace, so that a module finds `@tutti/sdk`. */
const within = fileURLToPath(new URL("../../../.cache/", import.meta.url));

const module = (name: string, value: string): string => `
  import { setTimeout as wait } from "node:timers/promises";
  import { workflow, set } from "@tutti/sdk";
  import { shared } from "./shared.mts";
  interface Typed { readonly n: number }
  const typed: Typed = { n: ${value} };
  export const plain = { workflow: "of a program" };
  export default workflow("${name}", { tasks: { only: set(typed.n + shared) }, output: "\${{ tasks.only.output }}" });
  void wait(1e8);
`;

it("workflows in YAML, JSON and modules are registered, and again after a change", async () => {
  await mkdir(within, { recursive: true });
  const folder = await mkdtemp(join(within, "workflow-files-"));
  const write = (name: string, text: string) => writeFile(join(folder, name), text);
  try {
    await write("steps.json", '{"workflow": "by-steps", "steps": {"only": {"set": 1}}}');
    await write("data.json", '{"workflow": "of a program", "n": 1}');
    await write("flow.yaml", "workflow: by-yaml\ntasks: {only: {set: 1}}\n");
    await write("nightly.yaml", "schedule: nightly\nworkflow: by-yaml\ncron: 0 3 * * *\n");
    const two = "limit: bank\nmaxConcurrent: 4\n---\nworkflow: by-second\ntasks: {only: {set: 1}}\n";
    await write("two.yaml", `${two}---\nworkflow: bad-third\ntasks: {a: {uses: x.y, neds: [b]}}\n`);
    await write("shared.mts", "export const shared: number = 40;\n");
    await write("built.ts", module("by-module", "2"));
    await write(
      "broken.mjs",
      'import { workflow } from "@tutti/sdk";\nexport default workflow(missing, {});\n',
    );
    await write(
      "built-badly.ts",
      'import { workflow } from "@tutti/sdk";\n' +
        'export default workflow("bad", { tasks: { a: { set: 1, needs: ["nope"] } } } as never);\n',
    );
    await write(
      "bad.yaml",
      "workflow: bad\ntasks:\n  a: {uses: x.y, neds: [b]}\n  b: {uses: x.y, retries: 3}\n",
    );
    await write("worker.ts", 'import { Worker } from "@tutti/sdk";\nthrow new Error("a worker ran");\n');
    await using platform = await start("platform", ["--platform.workflows=."], { directory: folder });
    const files = (msg: string) => platform.lines.filter((line: LogLine) => line.msg === msg);
    await until("files to be registered", () => files("workflow file registered").length >= 4);

    assert.deepEqual(
      files("workflow file registered")
        .map(({ workflow }) => workflow)
        .sort(),
      ["by-module", "by-second", "by-steps", "by-yaml"],
    );
    assert.deepEqual(
      files("workflow file refused").map(({ file, reason }) => [file, reason]),
      [
        [
          "bad.yaml",
          'bad.yaml:3:18: tasks.a.neds: unknown key "neds". Did you mean `needs`?\n' +
            'bad.yaml:4:18: tasks.b.retries: unknown key "retries". Did you mean `retry`?',
        ],
        ["broken.mjs", "missing is not defined"],
        ["built-badly.ts", "tasks.a.needs[0]: unknown task `nope` (expected a task in the same list)"],
        ["two.yaml", 'two.yaml:8:24: tasks.a.neds: unknown key "neds". Did you mean `needs`?'],
      ],
    );
    const [skipped] = files("documents that are no workflows are not applied");
    assert.deepEqual([skipped?.["file"], skipped?.["others"]], ["two.yaml", 1]);
    await using tutti = await connect({ address: platform.grpc });
    assert.equal(await tutti.execute("by-module"), 42);

    await write("shared.mts", "export const shared: number = 50;\n");
    await until("the module to be registered again", () => files("workflow file registered").length >= 5);
    assert.equal(await tutti.execute("by-module"), 52);
    assert.equal(files("workflow file refused").length, 4);

    assert.deepEqual(files("two files define one workflow"), []);
    await write("again.yaml", "workflow: by-yaml\ntasks: {only: {set: 2}}\n");
    await until("the second definition", () => files("two files define one workflow").length > 0);
    const [warning] = files("two files define one workflow");
    assert.deepEqual([warning?.["file"], warning?.["replaced"]], ["again.yaml", "flow.yaml"]);
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
});
