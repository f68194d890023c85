import assert from "node:assert/strict";
import { join } from "node:path";
import { describe, it } from "node:test";
import { BuiltCommand } from "./support/command.ts";
import { PlatformProcess } from "./support/platform.ts";

const clone = join(import.meta.dirname, "..", "..", "..");

describe("tutti demo race", () => {
  it("runs one job in every mode on a running platform, and names the first to finish", async () => {
    await using platform = await PlatformProcess.start();
    using command = await BuiltCommand.build();
    const { exitCode, output, errors } = await command.run(["demo", "race", "--json"], {
      cwd: clone,
      environment: { TUTTI_SERVER: platform.url },
    });
    assert.equal(exitCode, 0, errors);
    const { sessions, first } = JSON.parse(output);
    const modes = sessions.map(({ effectiveMode }: { effectiveMode: string }) => effectiveMode).sort();
    assert.deepEqual(modes, ["hybrid", "intelligence", "swarm", "workflow"]);
    assert.ok(sessions.some(({ sessionId }: { sessionId: string }) => sessionId === first));
    for (const { tasks, used } of sessions) {
      assert.deepEqual([tasks.total, tasks.completed], [31, 31]);
      assert.ok(used.money > 0);
    }
  });
});
