// @ts-check

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { makeCreate } from "../package/create.mjs";
import { nodeFor, workspaceRoot } from "../setup.mjs";
import { environmentWith } from "./packages/installed.mjs";
import { commandsOf } from "./packages/readme.mjs";
import { run } from "./tree.mjs";

const node = nodeFor(workspaceRoot);
const starters = join(workspaceRoot, "examples", "starters");

describe("the starters of npm create tutti", () => {
  it("pass their tests with the SDK of this tree", async () => {
    const words = ["--test", "--test-reporter=tap", "*/*.test.mjs"];
    const { code, output } = await run(node, words, { cwd: starters, env: environmentWith(node) });
    assert.equal(code, 0, output);
    const tested = readdirSync(starters);
    assert.equal(tested.length, 6);
    assert.ok(Number(/^# pass (\d+)$/m.exec(output)?.[1]) >= tested.length, output);
  });

  for (const starter of readdirSync(starters))
    it(`${starter}: its README names its files and workflow, and the commands in their order`, () => {
      const folder = join(starters, starter);
      const text = readFileSync(join(folder, "README.md"), "utf8");
      const table = [...text.matchAll(/^\| (`.*?) \|/gm)].flatMap(([, cell = ""]) => cell.split(", "));
      // `npm create` writes these files, because they contain the version.
      const written = ["README.md", "requirements.txt"];
      const named = table.map((name) => name.replaceAll("`", "")).filter((name) => !written.includes(name));
      const files = readdirSync(folder).filter((name) => !written.includes(name) && name !== "__pycache__");
      assert.deepEqual(named.sort(), files.sort());
      const lines = commandsOf(text).map(({ line }) => line);
      const places = ["npm install", "npm test", "npx tutti dev", "node worker.mjs"].map((line) =>
        lines.indexOf(line),
      );
      assert.deepEqual(
        places,
        places.toSorted((one, other) => one - other),
      );
      assert.equal(places[0], 0);
      const [definition = ""] = files.filter((name) => name.endsWith(".yaml"));
      const [, workflow] = /^workflow: (\S+)$/m.exec(readFileSync(join(folder, definition), "utf8")) ?? [];
      const runs = lines.filter((line) => line.startsWith("npx tutti run "));
      assert.ok(runs.length > 0 && lines.indexOf(runs[0] ?? "") > (places.at(-1) ?? 0), lines.join("\n"));
      for (const line of runs) assert.ok(line.startsWith(`npx tutti run ${workflow} `), line);
    });

  it("depends on the archives of a clone, if it is created with their folder", async (t) => {
    const folder = mkdtempSync(join(tmpdir(), "create-tutti-"));
    t.after(() => rmSync(folder, { recursive: true, force: true }));
    const project = join(folder, "shop");
    const [made, archives] = [join(folder, "made"), join(folder, "packages")];
    for (const each of [made, archives]) mkdirSync(each);
    await makeCreate(made, { manifest: { version: "1.2.3" }, versionOf: () => "", wheel: undefined });
    const create = (/** @type {string[]} */ ...words) =>
      run(node, [join(made, "create-tutti.mjs"), project, ...words], {
        cwd: folder,
        env: environmentWith(node),
      });
    const early = await create("--packages", archives);
    assert.equal(early.code, 2);
    assert.match(early.output, /tutti-sdk-1\.2\.3\.tgz not found\. Run `npm run package`/);
    for (const name of ["tutti-sdk-1.2.3.tgz", "tutti-1.2.3.tgz"]) writeFileSync(join(archives, name), "");
    const { code, output } = await create("--packages", archives);
    assert.equal(code, 0, output);
    assert.deepEqual(JSON.parse(readFileSync(join(project, "package.json"), "utf8")).dependencies, {
      "@tutti/sdk": `file:${join(archives, "tutti-sdk-1.2.3.tgz")}`,
      tutti: `file:${join(archives, "tutti-1.2.3.tgz")}`,
    });
  });

  it("the worker in Python has a test of its own", async () => {
    const cwd = join(starters, "python-worker");
    const env = { ...environmentWith(node), PYTHONDONTWRITEBYTECODE: "1" };
    const { code, output } = await run("python3", ["-m", "unittest"], { cwd, env });
    assert.equal(code, 0, output);
    assert.match(output, /Ran 1 test/);
  });
});
