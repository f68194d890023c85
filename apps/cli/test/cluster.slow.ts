import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { BuiltCommand, type Ended } from "./support/command.ts";

const clone = fileURLToPath(new URL("../../..", import.meta.url));

describe("a cluster, by the command", () => {
  let command: BuiltCommand;
  let directory: string;
  const tutti = (...words: readonly string[]): Promise<Ended> =>
    command.run([...words, "--directory", directory], { cwd: clone });

  before(async () => {
    [command, directory] = await Promise.all([
      BuiltCommand.build(),
      mkdtemp(join(tmpdir(), "tutti-cluster-command-")),
    ]);
  });
  after(async () => {
    await tutti("cluster", "down");
    await rm(directory, { recursive: true, force: true });
    command[Symbol.dispose]();
  });

  it("comes up, says how it is, restarts, grows, and ends", async () => {
    const without = await tutti("cluster", "status");
    assert.notEqual(without.exitCode, 0);
    assert.match(without.errors, /expected a cluster that runs in .*, found none; start it/);

    const counts = ["nats", "registry", "governance", "workflow", "swarm", "master"].map(
      (name) => `--${name}=1`,
    );
    const words = ["cluster", "up", "--directory", directory, "--port=0", "--json", ...counts];
    const child = spawn(process.execPath, [command.program, ...words], {
      cwd: clone,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(child, "exit");
    let said = "";
    for await (const text of child.stdout.setEncoding("utf8")) {
      said += text;
      if (said.includes("\n")) break;
    }
    const { members } = JSON.parse(said) as { members: readonly { name: string }[] };
    assert.deepEqual(
      members.map(({ name }) => name),
      ["nats-1", "registry-1", "governance-1", "workflow-1", "swarm-1", "master-1", "gateway-1"],
    );

    const status = await tutti("cluster", "status");
    assert.equal(status.exitCode, 0, status.output);
    assert.match(status.output, /^workflow-1 .* ready$/m);
    const restarted = await tutti("cluster", "restart", "workflow-1");
    assert.equal(restarted.output, "workflow-1 is ready again\n", restarted.errors);
    const grown = await tutti("cluster", "scale", "workflow=2");
    assert.match(grown.output, /^workflow-2 .* ready$/m);
    const wrong = await tutti("cluster", "scale", "nobody=2");
    assert.match(wrong.errors, /expected a service and a number/);
    const down = await tutti("cluster", "down");
    assert.equal(down.exitCode, 0, down.errors);
    assert.deepEqual(await ended, [0, null]);

    const backup = join(directory, "backup");
    const copied = await tutti("cluster", "backup", backup);
    assert.match(copied.output, /^\d+ streams, .* are in .*backup; keep it/, copied.errors);
    const restored = await command.run(
      ["cluster", "restore", backup, "--directory", join(directory, "again")],
      { cwd: clone },
    );
    assert.match(restored.output, /^\d+ streams, .* tutti cluster up --paused/, restored.errors);
  });
});
