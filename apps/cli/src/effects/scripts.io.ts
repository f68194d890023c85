import assert from "node:assert/strict";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { runScript } from "./scripts.ts";

describe("a script", () => {
  const parts = { cwd: tmpdir(), stdin: "", env: undefined };

  it("returns its outputs and its exit code", async () => {
    assert.deepEqual(await runScript(["sh", "-c", "echo out; echo err >&2; exit 3"], parts), {
      ...{ exitCode: 3, stdout: "out\n", stderr: "err\n" },
    });
  });

  it("whose interpreter is missing ends as in a shell", async () => {
    assert.deepEqual(await runScript(["no-such-shell", "a.sh"], parts), {
      ...{ exitCode: 127, stdout: "", stderr: "no-such-shell: command not found\n" },
    });
    const { exitCode } = await runScript([tmpdir()], parts);
    assert.equal(exitCode, 126);
  });
});
