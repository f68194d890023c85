import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, it } from "node:test";
import { fileURLToPath } from "node:url";
import { BuiltCommand, type Ended } from "./support/command.ts";

const clone = fileURLToPath(new URL("../../..", import.meta.url));

describe("a cluster, by the command", () => {
  let command: BuiltCommand;
  let directory: string;
  const tutti = (...args: readonly string[]): Promise<Ended> =>
    command.run([...args, "--directory", directory], { cwd: clone });

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

  it("starts, reports its status, restarts, scales, stops, and restores a backup", async () => {
    const without = await tutti("cluster", "status");
    assert.notEqual(without.exitCode, 0);
    assert.match(without.errors, /No cluster runs in .*\. Start it with `tutti cluster up`/);

    const counts = ["registry", "governance", "workflow", "swarm", "master"].map(
      (name) => `--scale=${name}=1`,
    );
    const args = ["cluster", "up", "--directory", directory, "--port=0", "--nats=1", "--json", ...counts];
    const child = spawn(process.execPath, [command.program, ...args], {
      cwd: clone,
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(child, "exit");
    let output = "";
    for await (const text of child.stdout.setEncoding("utf8")) {
      output += text;
      if (output.includes("\n")) break;
    }
    const { members } = JSON.parse(output) as { members: readonly { name: string }[] };
    assert.deepEqual(
      members.map(({ name }) => name),
      ["nats-1", "registry-1", "governance-1", "workflow-1", "swarm-1", "master-1", "insight-1", "gateway-1"],
    );

    let status = await tutti("cluster", "status");
    // On a busy machine a process can answer too late.
    for (let tries = 0; tries < 9 && !/^workflow-1 .* ready$/m.test(status.output); tries++)
      status = await tutti("cluster", "status");
    assert.equal(status.exitCode, 0, status.output);
    assert.match(status.output, /^workflow-1 .* ready$/m);
    const restarted = await tutti("cluster", "restart", "workflow-1");
    assert.equal(restarted.output, "workflow-1 is ready again\n", restarted.errors);
    const grown = await tutti("cluster", "scale", "workflow=2");
    assert.match(grown.output, /^workflow-2 .* ready$/m);
    const wrong = await tutti("cluster", "scale", "piano=2");
    assert.match(wrong.errors, /Expected a service and a number/);
    const down = await tutti("cluster", "down");
    assert.equal(down.exitCode, 0, down.errors);
    assert.equal(down.output, "The cluster is stopped. Its data remains.\n");
    assert.deepEqual(await ended, [0, null]);

    const backup = join(directory, "backup");
    const copied = await tutti("cluster", "backup", backup);
    assert.match(
      copied.output,
      /^\d+ streams, .* are in .*backup\. It contains the keys: store it like a secret\.$/m,
      copied.errors,
    );
    const restored = await command.run(
      ["cluster", "restore", backup, "--directory", join(directory, "again")],
      { cwd: clone },
    );
    assert.match(restored.output, /^\d+ streams, .* tutti cluster up --paused/, restored.errors);
  });

  it("imports a data directory, which no other cluster can import", async () => {
    const data = join(directory, "data");
    await mkdir(join(data, "journal"), { recursive: true });
    const about = { format: 1, release: "0.1.0", made: new Date().toISOString(), partitions: 2 };
    await writeFile(join(data, "data.json"), JSON.stringify(about));
    const imported = (name: string): Promise<Ended> => {
      const args = ["--directory", join(directory, name), "--nats", "1", "--plain"];
      return command.run(["cluster", "import", data, ...args], { cwd: clone });
    };
    const first = await imported("one");
    assert.match(
      first.output,
      /is the cluster in .*one now, .* tutti cluster up --paused --directory /,
      first.errors,
    );
    const second = await imported("two");
    assert.equal(second.exitCode, 1);
    assert.match(second.errors, /was imported into the cluster in .*one at .*\. Use that cluster/);
  });
});
