import assert from "node:assert/strict";
import { readdirSync } from "node:fs";
import { tmpdir } from "node:os";
import { describe, it } from "node:test";
import { serviceProgram } from "../../../tools/fronts.mjs";
import { demoKill } from "../src/demo/demo-kill.ts";
import { systemShell } from "../src/effects/system-shell.ts";
import { platformOf } from "../src/local/clone.ts";

function folders(): string[] {
  return readdirSync(tmpdir()).filter((name) => name.startsWith("tutti-proof-"));
}

describe("tutti demo kill", () => {
  it("kills the platform and its workers under load, finds all acknowledged work, and leaves no folder behind", async () => {
    const before = folders();
    const lines: string[] = [];
    const shell = { ...systemShell(), interrupted: new AbortController().signal };
    const sources = platformOf(shell, "the demo");
    const platform: typeof sources = {
      ...sources,
      pathOf: (program) => (program === "main" ? serviceProgram("platform") : sources.pathOf(program)),
    };
    const outcome = await demoKill({ platform, runs: 60, report: (line) => lines.push(line), shell });
    const { starts, events, steps, effects, doubled, holds, kills, twice } = outcome;
    assert.deepEqual(
      [starts, events, steps, effects].flatMap(({ lost }) => lost),
      [],
      lines.join("\n"),
    );
    assert.deepEqual([holds, doubled], [true, []]);
    assert.deepEqual([starts.count, steps.count, effects.count], [60, 240, 240]);
    assert.ok(events.count > 0);
    assert.deepEqual(kills, ["worker-1", "the platform", "the platform", "worker-2", "the platform"]);
    for (const { key, times } of twice) assert.ok(times > 1 && /^run-\d{4}\/\w+$/.test(key), key);
    assert.deepEqual(
      folders().filter((name) => !before.includes(name)),
      [],
    );
  });
});
