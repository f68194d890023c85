// @ts-check

import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
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
      // npm create writes it, because it has the version.
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

  it("the worker in Python has a test of its own", async () => {
    const cwd = join(starters, "python-worker");
    const env = { ...environmentWith(node), PYTHONDONTWRITEBYTECODE: "1" };
    const { code, output } = await run("python3", ["-m", "unittest"], { cwd, env });
    assert.equal(code, 0, output);
    assert.match(output, /Ran 1 test/);
  });
});
