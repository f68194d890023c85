import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { scriptOf, usesIn } from "./find.ts";

describe("scripts that are adopted", () => {
  it("list programs that they start by other names", () => {
    const text = [
      "from os import path, popen as p",
      "import subprocess as sp",
      "from subprocess import run",
      "import os, sys",
      'await asyncio.create_subprocess_exec("echo")',
      'create_subprocess_shell("echo")',
      "from os import path",
    ].join("\n");
    assert.deepEqual(
      usesIn("a.py", text).map(({ line, kind }) => `${line} ${kind}`),
      ["1 popen", "2 subprocess", "3 subprocess", "5 subprocess", "6 subprocess"],
    );
  });

  it("run with the shell of their name if they have no first line", () => {
    const programs = ["a.sh", "a.bash"].map((file) => scriptOf(file, "echo <(true)\n")?.command);
    assert.deepEqual(programs, [
      ["sh", "./a.sh"],
      ["bash", "./a.bash"],
    ]);
  });
});
