/** Applies the steps of CONTRIBUTING.md to a copy of the repository. The result must pass all checks and tests. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join, relative } from "node:path";
import { describe, it } from "node:test";
import { copyOfWorkspace, runIn } from "../../../tools/test/tree.mjs";
import { isChange } from "./docs/kinds.ts";
import { type Block, readPage } from "./docs/page.ts";

/** The number of files in each section, without the tests that a developer adds. */
const places: Readonly<Record<string, number>> = {
  "Adding an rpc": 3,
  "Adding a REST route": 2,
  "Adding a CLI command": 3,
  "Adding a dashboard page": 4,
  "Adding a command to a machine": 6,
};

describe("CONTRIBUTING.md", () => {
  it("applied to a copy, every recipe passes the checks and the tests of all packages it touches", async (t) => {
    const copy = copyOfWorkspace(t);
    const { blocks } = readPage("CONTRIBUTING.md");
    const succeeds = async (script: string, ...args: readonly string[]) => {
      const { code, output } = await runIn(copy, script, ...args);
      assert.equal(code, 0, `${script} ${args.join(" ")}:\n${output}`);
    };
    // Packages first, because their generator then also covers the contracts of the page.
    for (const [, line = ""] of blocks.flatMap(({ kind, text }) =>
      kind === "sh" ? [...text.matchAll(/^npm run make -- (.*)$/gm)] : [],
    ))
      await succeeds("tools/make.mjs", ...line.split(" "));
    for (const change of blocks.filter(isChange)) apply(copy, change);
    for (const script of ["generate", "reference", "python"]) await succeeds(`tools/${script}.mjs`);
    const rpcs = readFileSync(join(copy, "docs/reference/rpcs.md"), "utf8");
    assert.match(rpcs, /#### RegistryService\.CountInstances\n\nCounts the instances/);

    await succeeds("tools/checks.mjs");
    // Rejections are derived from the contracts. The suite of machines generates every command and event, and compares
    // the replies with the plain model.
    const folders = ["apps/registry", "apps/cli", "apps/dashboard", "libs/rest", "libs/contracts"];
    for (const folder of [...folders, "libs/machines/bank"]) {
      const tests = await runIn(join(copy, folder), relative(folder, "tools/unit.mjs"));
      assert.equal(tests.code, 0, `${folder}:\n${tests.output}`);
      assert.match(tests.output, /^\d+ passed, 0 failed/m);
    }
    const command = await runIn(join(copy, "apps/cli"), "../../tools/unit.mjs", "--io", "commands-house");
    assert.equal(command.code, 0, command.output);
  });

  it("states the number of places that each recipe changes", () => {
    const sections = readFileSync(new URL("../../../CONTRIBUTING.md", import.meta.url), "utf8").split(
      /^## /m,
    );
    for (const [title, expected] of Object.entries(places)) {
      const section = sections.find((text) => text.startsWith(`${title}\n`)) ?? "";
      const files = new Set([...section.matchAll(/^```\w+ file=(\S+)/gm)].map(([, file]) => file));
      assert.equal(files.size, expected, title);
    }
  });
});

/** Applies a block: creates the file, or inserts lines after or before the anchor, or replaces it. */
function apply(root: string, { options, text }: Block): void {
  const { file = "", after, before, replace, create } = options;
  const path = join(root, file);
  if (create === "yes") {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, text);
    return;
  }
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
