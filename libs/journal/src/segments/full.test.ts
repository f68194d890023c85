import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { seededChance, VirtualTime } from "@tutti/kernel/testing";
import { batchesFrom, Owner } from "../testing/fixture.ts";
import { MemoryDisk } from "../testing/memory-disk.ts";
import { openSegmentsInline } from "./open.ts";

const record = "x".repeat(3_000);

async function setUp(t: TestContext) {
  const chance = seededChance(1);
  const disk = new MemoryDisk(chance);
  const time = new VirtualTime();
  const open = () =>
    openSegmentsInline(disk, queueMicrotask, {
      services: [{ service: "workflow", partitions: 1 }],
      ...{ chance, timers: time, sizes: { firstBytes: 32_768, maxBytes: 32_768 } },
    }).journal;
  const journal = open();
  t.after(() => journal.close());
  const owner = await Owner.of(journal.partition("workflow", 0));
  /** Appends until the journal is full. Returns how many became durable. */
  const appendUntilFull = async () => {
    let durable = 0;
    while (journal.full === undefined) {
      assert.equal((await owner.append(record)).kind, "durable");
      durable++;
      await time.advanceAsync(0);
    }
    return durable;
  };
  return { disk, time, open, journal, owner, appendUntilFull };
}

describe("a disk that has no room for the next segment", () => {
  it("is noticed while half a segment is left, which has space for every decided batch", async (t) => {
    const { disk, open, journal, owner, appendUntilFull } = await setUp(t);
    disk.capacityBytes = disk.usedBytes;
    const durable = await appendUntilFull();
    const { full } = journal;
    assert.equal(full?.code, "journal.full");
    assert.equal(full?.retryAfterMs, 1_000);
    assert.notEqual(journal.room(), undefined);
    assert.equal((await owner.append(record)).kind, "durable");
    await journal.close();
    assert.equal((await batchesFrom(open().partition("workflow", 0))).length, durable + 2);
  });

  it("is checked every second, and waiting callers are notified when there is space", async (t) => {
    const { disk, time, journal, owner, appendUntilFull } = await setUp(t);
    disk.capacityBytes = disk.usedBytes;
    await appendUntilFull();
    let hasRoom = false;
    void journal.room()?.then(() => {
      hasRoom = true;
    });
    const before = disk.list();
    await time.advanceAsync(10_000);
    assert.notEqual(journal.full, undefined);
    assert.deepEqual(disk.list(), before);
    disk.capacityBytes = Number.POSITIVE_INFINITY;
    assert.equal(hasRoom, false);
    await time.advanceAsync(1_000);
    assert.deepEqual([journal.full, hasRoom, time.pending], [undefined, true, 0]);
    for (let count = 0; count < 40; count++) assert.equal((await owner.append(record)).kind, "durable");
  });

  it("leaves the log unchanged when an append finds no space, and the rejected batch never appears", async (t) => {
    const { disk, time, open, journal, owner, appendUntilFull } = await setUp(t);
    disk.capacityBytes = disk.usedBytes;
    await appendUntilFull();
    let outcome = await owner.append(record);
    while (outcome.kind === "durable") outcome = await owner.append(record);
    assert.equal(outcome.kind, "full");
    const { number } = journal.partition("workflow", 0).last;
    disk.capacityBytes = Number.POSITIVE_INFINITY;
    await time.advanceAsync(1_000);
    assert.equal(journal.full, undefined);
    assert.equal((await owner.append("after", number + 1)).kind, "durable");
    await journal.close();
    const batches = await batchesFrom(open().partition("workflow", 0));
    assert.deepEqual([batches.length, batches.at(-1)?.number], [number + 1, number + 1]);
  });

  it("leaves no timer behind when the journal is closed", async (t) => {
    const { disk, time, journal, appendUntilFull } = await setUp(t);
    disk.capacityBytes = disk.usedBytes;
    await appendUntilFull();
    const room = journal.room();
    await journal.close();
    await room;
    assert.equal(time.pending, 0);
  });
});
