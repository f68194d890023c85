import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { it } from "node:test";
import { systemChance, systemClock, systemTimers } from "@tutti/kernel";
import { latch } from "@tutti/kernel/testing";
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
