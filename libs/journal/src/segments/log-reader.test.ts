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

function scanned(one: OpenedSegments, from?: LogPlace): string[] {
  const batches: string[] = [];
  one.scan(
    ({ partition }, { number, records }) => batches.push(`${partition}/${number} ${records.length}`),
    from,
  );
  return batches;
}

/** Returns the start of the last group of a segment. */
function lastGroupIn(one: ReturnType<typeof opened>, segment: number): number {
  const reader = new LogReader(one.disk);
  const offsets: number[] = [];
  do {
    reader.read(one.journal.end, () => {}, 1);
    if (reader.place?.segment === segment) offsets.push(reader.place.offset);
  } while (reader.place?.segment === segment);
  reader.close();
  return offsets.at(-2) ?? assert.fail("there are groups in it");
}

describe("a log reader", () => {
  it("hands over what each partition's own reading gives, all in one pass", async () => {
    const one = opened();
    await write(await ownersOf(one), 0, 20);
    const expected = await Promise.all(one.journal.partitions.map((partition) => batchesFrom(partition)));
    const found = one.journal.partitions.map((): unknown[] => []);
    one.scan(({ partition }, batch) => {
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
    assert.ok(one.journal.end.segment > 3);
  });

  it("gives what opening hands to its visitor", async () => {
    const one = opened();
    await write(await ownersOf(one), 0, 12);
    const visited: string[] = [];
    const again = openSegmentsInline(one.disk, queueMicrotask, {
      services,
      chance: seededChance(3),
      sizes,
      visit: ({ partition }, { number, records }) => visited.push(`${partition}/${number} ${records.length}`),
    });
    assert.deepEqual(visited, scanned(again));
  });

  it("continues where it stopped, while more is written, over the ends of segments", async () => {
    const one = opened();
    const owners = await ownersOf(one);
    const reader = new LogReader(one.disk);
    const followed: string[] = [];
    for (let count = 0; count < 20; count += 2) {
      await write(owners, count, count + 2);
      followed.push(...collect(reader, one.journal.end));
    }
    assert.deepEqual(followed, scanned(one));
    assert.deepEqual(reader.place, one.journal.end);
    reader.close();
  });

  it("starts anywhere that another one has stopped, in another thread or after a restart", async () => {
    const one = opened();
    await write(await ownersOf(one), 0, 12);
    const all = scanned(one);
    const { end } = one.journal;
    for (const bytesMax of [1, 10_000, 40_000]) {
      const parts: string[] = [];
      let place: LogPlace | undefined;
      for (let isDone = false; !isDone; ) {
        const reader = new LogReader(one.disk, place);
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

  it("never goes beyond the end that it was given", async () => {
    const one = opened();
    const owners = await ownersOf(one);
    await write(owners, 0, 3);
    const { end } = one.journal;
    const before = scanned(one);
    await write(owners, 3, 12);
    const reader = new LogReader(one.disk);
    assert.deepEqual(collect(reader, end), before);
    assert.deepEqual(collect(reader, end), []);
    reader.close();
  });

  it("finds nothing in a new log, then its batches", async () => {
    const one = opened();
    const reader = new LogReader(one.disk);
    assert.deepEqual(collect(reader, one.journal.end), []);
    await Owner.of(one.journal.partition("workflow", 2));
    assert.deepEqual(collect(reader, one.journal.end), ["2/1 0"]);
    reader.close();
  });

  it("knows partitions that were added on the way", async () => {
    const one = opened();
    await write(await ownersOf(one), 0, 3);
    await one.journal.close();
    const again = opened(one.disk, [{ service: "swarm", partitions: 1 }]);
    await (await Owner.of(again.journal.partition("swarm", 0))).append(recordBytes("first"));
    const named: string[] = [];
    again.scan(({ service, partition }, { number, seal }) =>
      named.push(`${service} ${partition} ${number} ${seal}`),
    );
    assert.deepEqual(named.slice(-2), ["swarm 0 1 true", "swarm 0 2 false"]);
  });

  it("reports damage with its place, in the middle and at the durable end", async () => {
    const one = opened();
    await write(await ownersOf(one), 0, 12);
    const { end } = one.journal;
    for (const place of [
      { segment: 2, offset: 4_096 + 700 },
      { segment: end.segment, offset: end.offset - 4_000 },
    ]) {
      one.disk.flipBit(nameOfSegment(place.segment), place.offset, 1);
      assert.throws(
        () => scanned(one),
        (error: unknown) => {
          assert.ok(journalErrors.corrupt.is(error));
          assert.match(error.message, new RegExp(`${nameOfSegment(place.segment)}, byte \\d+`));
          return true;
        },
      );
      one.disk.flipBit(nameOfSegment(place.segment), place.offset, 1);
    }
    assert.ok(scanned(one).length > 0);
  });

  it("notices when the end of a segment is missing", async () => {
    const one = opened();
    await write(await ownersOf(one), 0, 12);
    const name = nameOfSegment(1);
    const offset = lastGroupIn(one, 1);
    one.disk.open(name).write(new Uint8Array(4_096), offset);
    assert.throws(() => scanned(one), new RegExp(`${name}, byte ${offset}: no group of this log`));
  });

  it("says that the place where it should start is deleted", async () => {
    const one = opened();
    const owners = await ownersOf(one);
    await write(owners, 0, 12);
    for (const { partition } of owners) await partition.truncate(partition.last.number);
    assert.throws(
      () => scanned(one, { segment: 1, offset: 0 }),
      (error: unknown) => {
        assert.ok(journalErrors.cut.is(error));
        assert.match(error.message, /The log starts with segment \d+, and segment 1 was requested/);
        return true;
      },
    );
    assert.ok(scanned(one).length > 0, "the rest is read");
  });
});
