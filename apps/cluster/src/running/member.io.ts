import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { systemChance, systemClock, systemTimers } from "@tutti/kernel";
import { latch } from "@tutti/kernel/testing";
import { startFailure } from "./cluster.ts";
import { Member } from "./member.ts";

it("a process that exits is reported and restarted, and a stopped process is not reported", async () => {
  const directory = await mkdtemp(join(tmpdir(), "tutti-member-"));
  const [lost, restarted] = [latch(), latch()];
  const ends: string[] = [];
  const member: Member = new Member({
    ...{ clock: systemClock, timers: systemTimers, chance: systemChance },
    planned: { name: "workflow-1", kind: "workflow", ports: { http: 1, grpc: 2 }, args: [] },
    program: {
      command: [process.execPath, "--eval", "setInterval(() => {}, 1000)"],
      ...{ directory, log: join(directory, "log"), environment: process.env },
    },
    onChange: () => {
      if (member.restarts === 1 && member.pid !== undefined) restarted.open();
    },
    onLost: (ending) => {
      ends.push(ending);
      lost.open();
    },
  });
  try {
    await member.up();
    member.signal("SIGKILL");
    await lost.opened;
    await restarted.opened;
    await member.down();
    assert.deepEqual(ends, ["was ended by SIGKILL"]);
  } finally {
    await rm(directory, { recursive: true, force: true });
  }
});

it("a service that rejects its configuration fails the start at once, with its mistakes", async () => {
  const directory = await mkdtemp(join(tmpdir(), "tutti-member-"));
  const log = join(directory, "log");
  const lost = latch();
  const member: Member = new Member({
    ...{ clock: systemClock, timers: systemTimers, chance: systemChance },
    planned: { name: "workflow-1", kind: "workflow", ports: { http: 1, grpc: 2 }, args: [] },
    program: {
      command: [
        process.execPath,
        "--eval",
        "console.error('workflow: the configuration has mistakes:\\n  - unknown key: --nope'); process.exit(2)",
      ],
      ...{ directory, log, environment: process.env },
    },
    onChange: () => {},
    onLost: () => lost.open(),
  });
  try {
    await member.up();
    await lost.opened;
    assert.equal(member.isMisconfigured, true);
    assert.equal(
      (await startFailure(member)).message,
      `Process workflow-1 did not start: it exited with 2: unknown key: --nope. See its log: ${log}.`,
    );
  } finally {
    await member.down();
    await rm(directory, { recursive: true, force: true });
  }
});
