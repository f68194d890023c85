import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { seededChance } from "@tutti/kernel/testing";
import { openSegmentsInline } from "../segments/open.ts";
import { batchesFrom, Owner } from "../testing/fixture.ts";
import { MemoryDisk } from "../testing/memory-disk.ts";
import { encodeBatch } from "./encode.ts";

describe("a batch that is encoded again", () => {
  it("has the hash that the next batch carries, and the last batch has the hash at the partition's end", async () => {
    const chance = seededChance(1);
    const services = [{ service: "workflow", partitions: 3 }];
    const { journal } = openSegmentsInline(new MemoryDisk(chance), queueMicrotask, { services, chance });
    const partition = journal.partition("workflow", 2);
    const owner = await Owner.of(partition);
    for (let count = 0; count < 20; count++) await owner.append("x".repeat(count * 40));
    await owner.seal();
    const batches = await batchesFrom(partition);
    const hashes = batches.map((batch) =>
      createHash("sha256").update(encodeBatch(partition, batch)).digest("hex"),
    );
    const named = batches.slice(1).map(({ previousHash }) => Buffer.from(previousHash).toString("hex"));
    assert.deepEqual(hashes, [...named, Buffer.from(partition.last.hash).toString("hex")]);
    await journal.close();
  });
});
