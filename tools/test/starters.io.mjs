// @ts-check

import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { join } from "node:path";
import { describe, it } from "node:test";
import { nodeFor, workspaceRoot } from "../setup.mjs";
import { environmentWith } from "./packages/installed.mjs";
import { run } from "./tree.mjs";

const node = nodeFor(workspaceRoot);
const starters = join(workspaceRoot, "examples", "starters");

describe("the starters of npm create tutti", () => {
  it("pass their tests with the SDK of this tree", async () => {
    const words = ["--test", "--test-reporter=tap", "*/*.test.mjs"];
    const { code, output } = await run(node, words, { cwd: starters, env: environmentWith(node) });
    assert.equal(code, 0, output);
    const tested = readdirSync(starters);
    assert.equal(tested.length, 5);
    assert.ok(Number(/^# pass (\d+)$/m.exec(output)?.[1]) >= tested.length, output);
  });

  it("the worker in Python has a test of its own", async () => {
    const cwd = join(starters, "python-worker");
    const env = { ...environmentWith(node), PYTHONDONTWRITEBYTECODE: "1" };
    const { code, output } = await run("python3", ["-m", "unittest"], { cwd, env });
    assert.equal(code, 0, output);
    assert.match(output, /Ran 1 test/);
  });
});
