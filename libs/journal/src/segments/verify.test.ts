import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededChance } from "@tutti/kernel/testing";
import { journalErrors } from "../errors.ts";
import { Owner } from "../testing/fixture.ts";
import { MemoryDisk } from "../testing/memory-disk.ts";
import { openSegmentsInline } from "./open.ts";
import { recover } from "./recovery.ts";
import { nameOfSegment } from "./segment-files.ts";
import { verifyDisk, verifySegments } from "./verify.ts";

const services = [{ service: "workflow", partitions: 2 }];

async function written() {
  const chance = seededChance(1);
  const disk = new MemoryDisk(chance);
  const sizes = { firstBytes: 32 * 1024, maxBytes: 32 * 1024 };
  const { journal } = openSegmentsInline(disk, queueMicrotask, { services, chance, sizes });
  const owner = await Owner.of(journal.partition("workflow", 1), 5);
  for (let count = 0; count < 9; count++) await owner.append("a".repeat(5_000));
  return { disk, journal };
}

describe("verify", () => {
  it("reports a sound journal and its extent, and does not touch the disk", async () => {
    const { disk, journal } = await written();
    await journal.close();
    const before = disk.operations;
    const { kind, text, partitions } = verifyDisk(disk, ".tutti/journal");
    assert.equal(kind, "sound");
    assert.match(
      text,
      /The journal in \.tutti\/journal is sound: 10 batches, 2 partitions, 3 segments, 11 groups;/,
    );
    assert.deepEqual(partitions, [
      { service: "workflow", partition: 0, first: 1, last: 0, epoch: 0 },
      { service: "workflow", partition: 1, first: 1, last: 10, epoch: 5 },
    ]);
    assert.equal(disk.operations, before);
  });

  it("names the damaged batch and the remedy", async () => {
    const { disk } = await written();
    disk.flipBit("000000000001.log", 4096 * 2 + 3_000, 3);
    const { kind, text, damage } = verifyDisk(disk, ".tutti/journal");
    assert.equal(kind, "damaged");
    assert.ok(journalErrors.corrupt.is(damage));
    assert.match(
      text,
      /^\.tutti\/journal: The journal is damaged at 000000000001\.log, byte 8\d\d\d, batch 2 of partition 1 of workflow: records whose checksum does not match\.$/,
    );
  });

  it("reports a torn last group and its consequence", async () => {
    const { disk } = await written();
    const { segment, offset } = recover(disk, false)?.log.active ?? assert.fail("there is a log");
    disk.flipBit(nameOfSegment(segment), offset + 100, 0);
    const { kind, text } = verifyDisk(disk, ".tutti/journal");
    assert.equal(kind, "sound");
    assert.match(text, /Behind them, in \d+\.log at byte \d+, is a group that is not whole/);
  });

  it("detects a missing segment, and a segment of another log", async () => {
    const { disk } = await written();
    disk.rename("000000000002.log", "elsewhere");
    assert.match(verifyDisk(disk, "x").text, /damaged at 000000000002\.log, byte 0: a file that is missing/);
    const other = await written();
    const file = other.disk.open("000000000001.log");
    const bytes = new Uint8Array(file.bytes);
    file.read(bytes, 0);
    disk.create("000000000002.log", bytes.length).write(bytes, 0);
    assert.match(verifyDisk(disk, "x").text, /damaged at 000000000002\.log, byte 0/);
  });

  it("finds no journal in an empty directory, and creates none", () => {
    assert.equal(verifyDisk(new MemoryDisk(seededChance(1)), "x").text, "There is no journal in x.");
    assert.throws(() => verifySegments("/does/not/exist"), /ENOENT/);
  });
});
