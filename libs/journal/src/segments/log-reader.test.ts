import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededChance } from "@tutti/kernel/testing";
import { journalErrors } from "../errors.ts";
import { batchesFrom, Owner, recordBytes } from "../testing/fixture.ts";
import { MemoryDisk } from "../testing/memory-disk.ts";
import { type LogPlace, LogReader } from "./log-reader.ts";
import { type OpenedSegments, openSegmentsInline } from "./open.ts";
import { nameOfSegment } from "./segment-files.ts";

const sizes = { firstBytes: 32 * 1024, maxBytes: 32 * 1024 };
const services = [{ service: "workflow", partitions: 3 }];

function opened(
  disk = new MemoryDisk(seededChance(1)),
  more: { service: string; partitions: number }[] = [],
) {
  const chance = seededChance(2);
  return {
    disk,
    ...openSegmentsInline(disk, queueMicrotask, { services: [...services, ...more], chance, sizes }),
  };
}

async function ownersOf({ journal }: OpenedSegments): Promise<Owner[]> {
  return Promise.all(journal.partitions.map((partition) => Owner.of(partition)));
}

/** Writes batches of all partitions in turn, some of them in one group, over several segments. */
async function write(owners: readonly Owner[], from: number, to: number): Promise<void> {
  for (let count = from; count < to; count++) {
    await Promise.all(owners.slice(count % 2).map((owner) => owner.append(`${count}`.repeat(1_500))));
  }
}

/** Returns the batches of a reader, one text for each. */
function collect(reader: LogReader, end: LogPlace, bytesMax?: number): string[] {
  const batches: string[] = [];
  reader.read(
    end,
    ({ partition }, { number, records }) => batches.push(`${partition}/${number} ${records.length}`),
    bytesMax,
  );
  return batches;
}

function scanned(opening: OpenedSegments, from?: LogPlace): string[] {
  const batches: string[] = [];
  opening.scan(
    ({ partition }, { number, records }) => batches.push(`${partition}/${number} ${records.length}`),
    from,
  );
  return batches;
}

/** Returns the start of the last group of a segment. */
function lastGroupIn(opening: ReturnType<typeof opened>, segment: number): number {
  const reader = new LogReader(opening.disk);
  const offsets: number[] = [];
  do {
    reader.read(opening.journal.end, () => {}, 1);
    if (reader.place?.segment === segment) offsets.push(reader.place.offset);
  } while (reader.place?.segment === segment);
  reader.close();
  return offsets.at(-2) ?? assert.fail("there are groups in it");
}

describe("a log reader", () => {
  it("returns the same batches as separate reads of each partition, in one pass", async () => {
    const opening = opened();
    await write(await ownersOf(opening), 0, 20);
    const expected = await Promise.all(opening.journal.partitions.map((partition) => batchesFrom(partition)));
    const found = opening.journal.partitions.map((): unknown[] => []);
    opening.scan(({ partition }, batch) => {
      // The views are valid only during the call.
      const { records, previousHash, ...fields } = batch;
      found[partition]?.push({ ...fields, previousHash: previousHash.slice(), records: records.slice() });
    });
    const plain = (batches: unknown) => JSON.stringify(batches);
    assert.equal(
      plain(found),
      plain(
        expected.map((list) =>
          list.map(({ records, previousHash, ...fields }) => ({
            ...fields,
            previousHash: Uint8Array.from(previousHash),
            records: Uint8Array.from(records),
          })),
        ),
      ),
    );
    assert.ok(opening.journal.end.segment > 3);
  });

  it("returns the same batches as the visitor of an opening", async () => {
    const opening = opened();
    await write(await ownersOf(opening), 0, 12);
    const visited: string[] = [];
    const reopened = openSegmentsInline(opening.disk, queueMicrotask, {
      services,
      chance: seededChance(3),
      sizes,
      visit: ({ partition }, { number, records }) => visited.push(`${partition}/${number} ${records.length}`),
    });
    assert.deepEqual(visited, scanned(reopened));
  });

  it("resumes where it stopped while more is written, across segments", async () => {
    const opening = opened();
    const owners = await ownersOf(opening);
    const reader = new LogReader(opening.disk);
    const followed: string[] = [];
    for (let count = 0; count < 20; count += 2) {
      await write(owners, count, count + 2);
      followed.push(...collect(reader, opening.journal.end));
    }
    assert.deepEqual(followed, scanned(opening));
    assert.deepEqual(reader.place, opening.journal.end);
    reader.close();
  });

  it("starts at any position of another reader, in another thread or after a restart", async () => {
    const opening = opened();
    await write(await ownersOf(opening), 0, 12);
    const all = scanned(opening);
    const { end } = opening.journal;
    for (const bytesMax of [1, 10_000, 40_000]) {
      const parts: string[] = [];
      let place: LogPlace | undefined;
      for (let isDone = false; !isDone; ) {
        const reader = new LogReader(opening.disk, place);
        isDone = reader.read(
          end,
          ({ partition }, { number, records }) => parts.push(`${partition}/${number} ${records.length}`),
          bytesMax,
        );
        place = structuredClone(reader.place);
        reader.close();
      }
      assert.deepEqual(parts, all);
    }
  });

  it("never reads beyond the given end", async () => {
    const opening = opened();
    const owners = await ownersOf(opening);
    await write(owners, 0, 3);
    const { end } = opening.journal;
    const before = scanned(opening);
    await write(owners, 3, 12);
    const reader = new LogReader(opening.disk);
    assert.deepEqual(collect(reader, end), before);
    assert.deepEqual(collect(reader, end), []);
    reader.close();
  });

  it("finds nothing in a new log, then its batches", async () => {
    const opening = opened();
    const reader = new LogReader(opening.disk);
    assert.deepEqual(collect(reader, opening.journal.end), []);
    await Owner.of(opening.journal.partition("workflow", 2));
    assert.deepEqual(collect(reader, opening.journal.end), ["2/1 0"]);
    reader.close();
  });

  it("knows partitions that were added on the way", async () => {
    const opening = opened();
    await write(await ownersOf(opening), 0, 3);
    await opening.journal.close();
    const reopened = opened(opening.disk, [{ service: "swarm", partitions: 1 }]);
    await (await Owner.of(reopened.journal.partition("swarm", 0))).append(recordBytes("first"));
    const named: string[] = [];
    reopened.scan(({ service, partition }, { number, seal }) =>
      named.push(`${service} ${partition} ${number} ${seal}`),
    );
    assert.deepEqual(named.slice(-2), ["swarm 0 1 true", "swarm 0 2 false"]);
  });

  it("reports damage with its place, in the middle and at the durable end", async () => {
    const opening = opened();
    await write(await ownersOf(opening), 0, 12);
    const { end } = opening.journal;
    for (const place of [
      { segment: 2, offset: 4_096 + 700 },
      { segment: end.segment, offset: end.offset - 4_000 },
    ]) {
      opening.disk.flipBit(nameOfSegment(place.segment), place.offset, 1);
      assert.throws(
        () => scanned(opening),
        (error: unknown) => {
          assert.ok(journalErrors.corrupt.is(error));
          assert.match(error.message, new RegExp(`${nameOfSegment(place.segment)}, byte \\d+`));
          return true;
        },
      );
      opening.disk.flipBit(nameOfSegment(place.segment), place.offset, 1);
    }
    assert.ok(scanned(opening).length > 0);
  });

  it("notices when the end of a segment is missing", async () => {
    const opening = opened();
    await write(await ownersOf(opening), 0, 12);
    const name = nameOfSegment(1);
    const offset = lastGroupIn(opening, 1);
    opening.disk.open(name).write(new Uint8Array(4_096), offset);
    assert.throws(() => scanned(opening), new RegExp(`${name}, byte ${offset}: no group of this log`));
  });

  it("reports that its start position is deleted", async () => {
    const opening = opened();
    const owners = await ownersOf(opening);
    await write(owners, 0, 12);
    for (const { partition } of owners) await partition.truncate(partition.last.number);
    assert.throws(
      () => scanned(opening, { segment: 1, offset: 0 }),
      (error: unknown) => {
        assert.ok(journalErrors.cut.is(error));
        assert.match(error.message, /The log starts with segment \d+, and segment 1 was requested/);
        return true;
      },
    );
    assert.ok(scanned(opening).length > 0, "the rest is read");
  });
});
