import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededChance } from "@tutti/kernel/testing";
import { batchesFrom, Owner } from "../testing/fixture.ts";
import { MemoryDisk } from "../testing/memory-disk.ts";
import { openSegmentsInline } from "./open.ts";
import { segmentOfName } from "./segment-files.ts";
import type { CommittedGroup } from "./segments-journal.ts";

describe("a log on hold", () => {
  it("keeps its segments until it is released, and then removes those that were cut meanwhile", async () => {
    const chance = seededChance(1);
    const disk = new MemoryDisk(chance);
    const groups: CommittedGroup[] = [];
    const { journal } = openSegmentsInline(disk, queueMicrotask, {
      services: [{ service: "workflow", partitions: 1 }],
      chance,
      sizes: { firstBytes: 16_384, maxBytes: 32_768 },
      committed: (group) => groups.push(group),
    });
    const segments = () => disk.list().filter((name) => segmentOfName(name) !== undefined).length;
    const partition = journal.partition("workflow", 0);
    const owner = await Owner.of(partition);
    for (let count = 0; count < 30; count++) await owner.append("x".repeat(3_000));
    const before = segments();
    const [one, other] = [await journal.hold(), await journal.hold()];
    await partition.truncate(partition.last.number);
    one();
    one();
    assert.equal(segments(), before);
    other();
    await new Promise(setImmediate);
    assert.ok(before > 3 && segments() < 3, `${before} segments, then ${segments()}`);
    assert.equal(groups.length, 31);
    assert.ok(groups.every(({ batches, bytes }) => batches === 1 && bytes > 60));
    assert.ok(journal.bytes > 0);
    await journal.close();
  });

  it("keeps its segments after its close, because it may be open again", async () => {
    const chance = seededChance(1);
    const disk = new MemoryDisk(chance);
    const open = () =>
      openSegmentsInline(disk, queueMicrotask, {
        services: [{ service: "workflow", partitions: 1 }],
        chance,
        sizes: { firstBytes: 16_384, maxBytes: 32_768 },
      }).journal;
    const journal = open();
    const partition = journal.partition("workflow", 0);
    const owner = await Owner.of(partition);
    for (let count = 0; count < 30; count++) await owner.append("x".repeat(3_000));
    const last = partition.last.number;
    await journal.close();
    const again = open();
    await partition.truncate(last);
    const batches = await batchesFrom(again.partition("workflow", 0));
    assert.equal(batches.at(-1)?.number, last);
    await again.close();
  });
});
