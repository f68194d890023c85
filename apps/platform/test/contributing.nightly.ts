/** CONTRIBUTING's steps, carried out on a copy of the tree: what they make passes the checks and the packages' tests. */
import assert from "node:assert/strict";
import { readFileSync, writeFileSync } from "node:fs";
import { join, relative } from "node:path";
import { describe, it } from "node:test";
import { copyOfWorkspace, runIn } from "../../../tools/test/tree.mjs";
import { isChange } from "./docs/kinds.ts";
import { type Block, readPage } from "./docs/page.ts";

describe("CONTRIBUTING.md", () => {
  it("has steps that lead to an rpc, a command, an error, a key and an event which pass every check", async (t) => {
    const copy = copyOfWorkspace(t);
    const changes = readPage("CONTRIBUTING.md").blocks.filter(isChange);
    for (const change of changes) apply(copy, change);
    const places = new Set(changes.map(({ options }) => options["file"]));
    t.diagnostic(`${changes.length} changes in ${places.size} files`);

    const succeeds = async (script: string, ...given: readonly string[]) => {
      const { code, output } = await runIn(copy, script, ...given);
      assert.equal(code, 0, `${script} ${given.join(" ")}:\n${output}`);
      return output;
    };
    await succeeds("tools/generate.mjs");
    await succeeds("tools/reference.mjs");
    const rpcs = readFileSync(join(copy, "docs/reference/rpcs.md"), "utf8");
    assert.match(rpcs, /#### RegistryService\.CountInstances\n\nCounts the instances/);

    await succeeds("tools/checks.mjs");
    // The derived refusals try the new rpc too. The suite of machines asks chance for every command and event, the
    // plain model for every answer.
    for (const folder of ["apps/registry", "libs/contracts", "libs/machines/bank"]) {
      const tests = await runIn(join(copy, folder), relative(folder, "tools/unit.mjs"));
      assert.equal(tests.code, 0, tests.output);
      assert.match(tests.output, /^\d+ passed, 0 failed/m);
    }
  });
});

/** Puts the text where the step says: on lines of its own after or before the line with the anchor, or in its place. */
function apply(root: string, { options, text }: Block): void {
  const { file = "", after, before, replace } = options;
  const path = join(root, file);
  const source = readFileSync(path, "utf8");
  if (replace !== undefined) {
    writeFileSync(
      path,
      source.replace(replace, () => text.trimEnd()),
    );
    return;
  }
  const lines = source.split("\n");
  const at = lines.findIndex((line) => line.includes(after ?? before ?? ""));
  assert.ok(at >= 0, `${file} has the anchor ${after ?? before}`);
  writeFileSync(
    path,
    lines
      .toSpliced(after === undefined ? at : at + 1, 0, text.trimEnd() === text ? text : text.slice(0, -1))
      .join("\n"),
  );
}
