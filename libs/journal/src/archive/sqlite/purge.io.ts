import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { WorkStatus } from "@tutti/contracts/types/v1";
import type { Clock } from "@tutti/kernel";
import { openArchiveInline } from "./open.ts";

/** Returns how many of 40 instances are left after each slice, if reading the clock takes this long. */
async function remainingAfterSlices(tickMs: number): Promise<number[]> {
  const directory = mkdtempSync(join(tmpdir(), "tutti-purge-"));
  let passedMs = 0;
  const clock: Clock = {
    now: () => 0,
    monotonic() {
      passedMs += tickMs;
      return passedMs;
    },
  };
  const archive = openArchiveInline(directory, {
    partitions: 1,
    clock,
    source: () => ({ async *read() {} }),
  });
  try {
    const partition = archive.partition(0);
    await partition.opening(1);
    const entries = Array.from({ length: 40 }, (_, index) => ({
      key: { namespace: "default", kind: "run", id: `run-${index}` },
      ...{ incarnation: index + 1, labels: {}, status: WorkStatus.WORK_STATUS_COMPLETED, definition: "" },
      ...{ startMs: 1, endMs: 2, events: 0, last: { batch: 1, index } },
      ...{ startedBy: new Uint8Array(0), keepUntilMs: 3, idKeptUntilMs: 0 },
    }));
    await partition.commit(1, { coveredTo: 1, partitionSnapshot: undefined, snapshots: [], entries });
    const remaining: number[] = [];
    while (await archive.purge(10)) remaining.push((await archive.figures()).endedInstances);
    return remaining;
  } finally {
    await archive.close();
    rmSync(directory, { recursive: true });
  }
}

describe("a slice of a purge", () => {
  it("ends when its time is over, and has done something even then", async () => {
    const remaining = await remainingAfterSlices(60);
    assert.deepEqual(
      remaining,
      Array.from({ length: 40 }, (_, index) => 39 - index),
    );
    const sooner = await remainingAfterSlices(0.1);
    assert.ok(sooner.length > 1 && sooner.length < 10, `${sooner}`);
  });

  it("purges everything if time allows", async () => {
    const remaining = await remainingAfterSlices(0);
    assert.equal(remaining[0], 0);
  });
});
