import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { openSegments, type SegmentsJournal } from "@tutti/journal";
import { encodeBatch, readHeader } from "@tutti/journal/batches";
import { batchesFrom, Owner } from "@tutti/journal/testing";
import { seededChance } from "@tutti/kernel/testing";
import type { JournalPart } from "../book/intake.ts";
import { OwnLogFollower } from "./own-log.ts";

const services = ["workflow", "swarm"];
const sizes = { firstBytes: 64 * 1024, maxBytes: 64 * 1024 };
const plenty = 1024 * 1024;

/** A book that only counts batches. */
class RecordedBatches {
  readonly #ends = new Map<string, number>();

  readonly of = ({ service, partition }: { service: string; partition: number }): number =>
    this.#ends.get(`${service}/${partition}`) ?? 0;

  record(parts: readonly JournalPart[]): void {
    for (const { service, partition, batches } of parts) {
      for (const batch of batches) {
        const number = readHeader(batch)?.number ?? 0;
        assert.equal(number, this.of({ service, partition }) + 1);
        this.#ends.set(`${service}/${partition}`, number);
      }
    }
  }
}

describe("the log of the own process", () => {
  let directory: string;
  let journal: SegmentsJournal;
  let owners: Owner[];

  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "tutti-own-log-"));
    const partitions = services.map((service) => ({ service, partitions: 2 }));
    ({ journal } = await openSegments(directory, { services: partitions, chance: seededChance(1), sizes }));
    owners = await Promise.all(journal.partitions.map((partition) => Owner.of(partition)));
  });
  afterEach(async () => {
    await journal.close();
    await rm(directory, { recursive: true });
  });

  const write = async (rounds: number) => {
    for (let round = 0; round < rounds; round++)
      await Promise.all(owners.map((owner) => owner.append(`${round}`.repeat(2_000))));
  };
  const log = (of: readonly string[] = services) => ({ directory, end: journal.end, services: of });
  const sizeOf = (parts: readonly JournalPart[]) =>
    parts.reduce((sum, { batches }) => sum + batches.reduce((bytes, { length }) => bytes + length, 0), 0);

  it("is read once for all journals, with each batch as its partition returns it", async () => {
    await write(30);
    const { parts, isMore } = new OwnLogFollower().next(log(), () => 0, plenty);
    assert.equal(isMore, false);
    assert.equal(parts.length, journal.partitions.length);
    for (const { service, partition, batches } of parts) {
      const journalPart = journal.partition(service, partition);
      const expected = (await batchesFrom(journalPart)).map((batch) => encodeBatch(journalPart, batch));
      assert.deepEqual(batches, expected);
    }
  });

  it("continues at the position of the book, and returns no batch without new records", async () => {
    const recorded = new RecordedBatches();
    const follower = new OwnLogFollower();
    for (let round = 0; round < 4; round++) {
      await write(10);
      recorded.record(follower.next(log(), recorded.of, plenty).parts);
      for (const { service, partition, last } of journal.partitions)
        assert.equal(recorded.of({ service, partition }), last.number);
      assert.equal(sizeOf(follower.next(log(), recorded.of, plenty).parts), 0);
    }
  });

  it("returns unsigned records again, with new ones", async () => {
    await write(5);
    const follower = new OwnLogFollower();
    const first = sizeOf(follower.next(log(), () => 0, plenty).parts);
    assert.ok(first > 0);
    assert.deepEqual(sizeOf(follower.next(log(), () => 0, plenty).parts), first);
    await write(5);
    const restarted = follower.next(log(), () => 0, plenty);
    assert.deepEqual(restarted.parts, new OwnLogFollower().next(log(), () => 0, plenty).parts);
    assert.equal(restarted.isMore, false);
    // No more is held than was requested.
    assert.equal(follower.next(log(), () => 0, 1).isMore, true);
  });

  it("is returned in parts of about the requested size", async () => {
    await write(40);
    const recorded = new RecordedBatches();
    const follower = new OwnLogFollower();
    let rounds = 0;
    for (let isMore = true; isMore; rounds++) {
      const next = follower.next(log(), recorded.of, 50_000);
      assert.ok(sizeOf(next.parts) < 100_000);
      recorded.record(next.parts);
      ({ isMore } = next);
    }
    assert.ok(rounds > 3);
    for (const { service, partition, last } of journal.partitions)
      assert.equal(recorded.of({ service, partition }), last.number);
  });

  it("is passed over as far as a book has it that was opened again", async () => {
    const recorded = new RecordedBatches();
    await write(20);
    recorded.record(new OwnLogFollower().next(log(), recorded.of, plenty).parts);
    await write(1);
    const { parts } = new OwnLogFollower().next(log(), recorded.of, 10_000);
    assert.deepEqual(
      parts.map(({ batches }) => batches.length),
      journal.partitions.map(() => 1),
    );
  });

  it("returns only the requested services", async () => {
    await write(2);
    const { parts } = new OwnLogFollower().next(log(["swarm"]), () => 0, plenty);
    assert.deepEqual(
      parts.map(({ service, partition }) => `${service}/${partition}`),
      ["swarm/0", "swarm/1"],
    );
  });

  it("restarts after an error", async () => {
    await write(3);
    const follower = new OwnLogFollower();
    const beyond = { segment: journal.end.segment + 9, offset: 0 };
    assert.throws(() => follower.next({ ...log(), end: beyond }, () => 0, plenty));
    const { parts } = follower.next(log(), () => 0, plenty);
    assert.equal(parts.length, journal.partitions.length);
  });
});
