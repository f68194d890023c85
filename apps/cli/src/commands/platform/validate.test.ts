import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { validate as check } from "@tutti/validation";
import { runCommandLine } from "../../cli.ts";
import { exitCodes } from "../../command/exit-codes.ts";
import { memoryShell } from "../../testing/memory-shell.ts";
import { sarifOf } from "./validate.ts";

const good = "workflow: order\ntasks: {one: {uses: a.b}}\n";
const bad = "workflow: order\ntasks: {one: {uses: a.b, needs: [two]}}\n";

describe("tutti validate", () => {
  async function run(files: Readonly<Record<string, string>>, ...args: readonly string[]) {
    const shell = memoryShell({ files });
    const code = await runCommandLine(["validate", ...args], shell, "0.1.0");
    return { code, output: shell.output.text, errors: shell.errors.text };
  }

  it("succeeds if there are no problems, and reports the number of checked files", async () => {
    const { code, output, errors } = await run({
      "order.yaml": good,
      "notes.yaml": "a: 1\n",
      "readme.md": "",
    });
    assert.equal(code, exitCodes.completed);
    assert.equal(output, "✓ 1 file checked, 0 errors, 0 warnings, 1 of unknown kind skipped\n");
    assert.match(errors, /Not checked: notes\.yaml\./);
  });

  it("fails on a problem, and prints its line with a caret below the column", async () => {
    const { code, output } = await run({ "order.yaml": bad });
    assert.equal(code, exitCodes.failed);
    assert.match(output, /order\.yaml:2:34: error:/);
    assert.match(output, /\n✗ 1 file checked, 1 error/);
  });

  it("checks only a named file, and reports a missing file", async () => {
    const files = { "order.yaml": good, "other.yaml": bad };
    assert.match((await run(files, "order.yaml")).output, /✓ 1 file checked/);
    const { code, errors } = await run(files, "absent.yaml");
    assert.equal(code, exitCodes.usage);
    assert.match(errors, /No file or folder `absent\.yaml`/);
  });

  it("reports policies as skipped", async () => {
    const { code, output } = await run({
      "order.yaml": good,
      "a.cedar": "permit (principal, action, resource);",
    });
    assert.equal(code, exitCodes.completed);
    assert.match(output, /1 file checked/);
    const json = JSON.parse((await run({ "order.yaml": good, "a.cedar": "" }, "--json")).output);
    assert.deepEqual(json.skipped, ["a.cedar"]);
  });

  for (const [scenario, files, args, expected] of [
    ["an empty folder", {}, [], /✗ No files to check in `\.`\.\n {2}tutti help validate/],
    ["files of unknown kind", { "notes.yaml": "a: 1\n" }, [], /\n {2}Unknown kind: notes\.yaml\.\n/],
    ["a named file of another kind", { "notes.txt": "" }, ["notes.txt"], /✗ `notes\.txt` was not checked\./],
    ["policies only", { "a.cedar": "" }, [], /\n {2}tutti validate \. --online/],
    ["an empty folder, as SARIF", {}, ["--sarif"], /✗ No files to check/],
  ] as const)
    it(`fails for ${scenario}, because nothing was checked`, async () => {
      const { code, output, errors } = await run(files, ...args);
      assert.deepEqual([code, output], [exitCodes.usage, ""]);
      assert.match(errors, expected);
    });

  it("prints the same problems as one JSON document, or as SARIF", async () => {
    const report = JSON.parse((await run({ "order.yaml": bad }, "--json")).output);
    assert.deepEqual(
      [report.ok, report.checked, report.problems[0].code],
      [false, ["order.yaml"], "unknown_task"],
    );
    const sarif = await run({ "order.yaml": bad }, "--sarif");
    assert.equal(sarif.code, exitCodes.failed);
    assert.equal(JSON.parse(sarif.output).runs[0].results[0].ruleId, "unknown_task");
  });
});

describe("problems as SARIF", () => {
  it("have one result each, with its rule and region", () => {
    const { problems } = check([
      {
        ...{ format: "yaml", fileName: "./de finitions/order.yaml" },
        text: "workflow: order\ntasks:\n  one: {uses: a.b, needs: [two]}\n",
      },
    ]);
    const message = problems[0]?.message ?? "";
    const { runs, version } = sarifOf(problems, "1.2.3") as {
      readonly version: string;
      readonly runs: readonly {
        readonly tool: object;
        readonly results: readonly Record<string, unknown>[];
      }[];
    };
    assert.equal(version, "2.1.0");
    assert.deepEqual(runs[0]?.tool, {
      driver: { name: "tutti validate", version: "1.2.3", rules: [{ id: "unknown_task" }] },
    });
    const [{ message: text, ...result } = {}] = runs[0]?.results ?? [];
    assert.ok(String((text as { readonly text?: string }).text).includes(message));
    assert.deepEqual(result, {
      ...{ ruleId: "unknown_task", ruleIndex: 0, level: "error" },
      locations: [
        {
          physicalLocation: {
            artifactLocation: { uri: "de%20finitions/order.yaml" },
            region: { startLine: 3, startColumn: 28 },
          },
        },
      ],
    });
  });
});
