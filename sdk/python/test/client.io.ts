/** The client in Python on a whole platform, for threads and for event loops. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { startPlatform } from "./platform.fixture.ts";
import { folder, python, run } from "./python.fixture.ts";

interface Example {
  readonly name: string;
  readonly program: string;
  /** Expected output. `…` stands for the rest of a line, or for any lines. */
  readonly output: string;
}

function examplesIn(page: string): readonly Example[] {
  const text = readFileSync(join(folder, "../../docs/guides", page), "utf8");
  const blocks = text.matchAll(/^```python file=(\S+)\n(.*?)^```\n\n```text\n(.*?)^```$/gms);
  return [...blocks].map(([, name = "", program = "", output = ""]) => ({ name, program, output }));
}

/** Converts an expected output to a pattern. */
function patternOf(output: string): RegExp {
  const quoted = output.replaceAll(/[.*+?^${}()|[\]\\]/g, "\\$&");
  return new RegExp(`^${quoted.replaceAll(/^…\n/gm, "[^]*").replaceAll("…", ".*")}$`);
}

describe("the Python client", { skip: python.skip }, () => {
  it("starts, follows, steers and reads runs, definitions, approvals and schedules", async () => {
    const directory = await mkdtemp(join(tmpdir(), "python-client-"));
    // Removed after the stop of the platform, which writes to it.
    await using _folder = {
      [Symbol.asyncDispose]: () => rm(directory, { recursive: true, force: true }),
    };
    await using platform = await startPlatform(directory);
    const { code, output } = await run(["-W", "error", "-m", "unittest"], join(folder, "tests", "platform"), {
      TUTTI_URL: platform.http,
    });
    assert.equal(code, 0, output);
    assert.match(output, /^Ran [1-9]\d* tests in [\s\S]*OK$/m);
    const examples = examplesIn("python.md");
    assert.ok(examples.length >= 3);
    for (const each of examples) {
      const ended = await run(["-W", "error", "-c", each.program], directory, { TUTTI_URL: platform.http });
      assert.equal(ended.code, 0, `${each.name}: ${ended.output}`);
      assert.match(ended.output, patternOf(each.output), `${each.name}: ${ended.output}`);
    }
  });
});
