import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { ArchiveThread, journalErrors, openArchive, openArchiveInline, openSegments } from "@tutti/journal";
import { BatchFeed, crowd, Owner, Story, snapshotOf } from "@tutti/journal/testing";
import { seededChance, VirtualTime } from "@tutti/kernel/testing";

const files = existsSync("/dev/shm") ? "/dev/shm" : tmpdir();
const epoch = 1;
const service = "workflow";
const partitions = 3;
const sizes = { firstBytes: 64 * 1024, maxBytes: 256 * 1024 };

describe("packing from the files of a journal", () => {
  it("returns the same histories as packing from reads of the journal, over many segments", async () => {
    const directory = await mkdtemp(join(files, "tutti-located-"));
    const services = [{ service, partitions }];
    const { journal } = await openSegments(join(directory, "journal"), {
      services,
      chance: seededChance(1),
      sizes,
    });
    const clock = new VirtualTime();
    const reads: number[] = [];
    const located = openArchive(join(directory, "located"), new ArchiveThread(), {
      ...{ partitions, clock },
      source: (partition) => journal.partition(service, partition),
    });
    const read = openArchiveInline(join(directory, "read"), {
      ...{ partitions, clock },
      source: (partition) => ({
        read: (from) => {
          reads.push(from);
          return journal.partition(service, partition).read(from);
        },
      }),
    });
    const all = crowd("one", 30);
    for (let partition = 0; partition < partitions; partition++) {
      // The seal is the story's first batch, so that both have the same numbers.
      const feed = new BatchFeed();
      const story = new Story(feed, partition);
      story.write();
      const owner = await Owner.of(journal.partition(service, partition), epoch);
      for (let count = 0; count < 120; count++) {
        const some =
          partition === 0 ? all.slice(count % 20, (count % 20) + 10) : crowd(`${partition}-${count}`, 3);
        story.write(...some);
        for await (const [batch] of feed.source(partition).read(feed.last(partition))) {
          assert.equal((await owner.append(batch?.records ?? new Uint8Array(0))).kind, "durable");
        }
      }
      const changes = story.changes(
        all.filter(() => partition === 0).map((instance) => snapshotOf(instance)),
      );
      for (const archive of [located, read]) {
        await archive.partition(partition).opening(epoch);
        await archive.partition(partition).commit(epoch, changes);
        await archive.partition(partition).pack(epoch, 50);
        await archive.partition(partition).pack(epoch, changes.coveredTo);
        assert.equal(await archive.partition(partition).settle(epoch), 121);
      }
    }
    assert.deepEqual(reads, [1, 51, 1, 51, 1, 51]);
    for (const { key, last, history } of all) {
      const query = { key, last, afterEvent: 0, limit: 1_000 };
      const found = await located.partition(0).history(query);
      assert.equal(found.length, history.length);
      assert.deepEqual(
        found.map((event) => ({ ...event, record: Uint8Array.from(event.record) })),
        (await read.partition(0).history(query)).map((event) => ({
          ...event,
          record: Uint8Array.from(event.record),
        })),
      );
    }
    await located.close();
    await read.close();
    await journal.close();
    await rm(directory, { recursive: true });
  });

  it("reads nothing of a partition without kept instances", async () => {
    const directory = await mkdtemp(join(files, "tutti-located-"));
    const feed = new BatchFeed();
    const story = new Story(feed, 0);
    const reads: number[] = [];
    const archive = openArchiveInline(directory, {
      ...{ partitions: 1, clock: new VirtualTime() },
      source: (partition) => ({
        read: (from) => {
          reads.push(from);
          return feed.source(partition).read(from);
        },
      }),
    });
    const partition = archive.partition(0);
    await partition.opening(epoch);
    const [removed, retained] = [crowd("gone", 5), crowd("kept", 5)];
    story.write(...removed);
    const empty = { ...story.changes([]), entries: [], snapshots: [] };
    await partition.commit(epoch, empty);
    await partition.pack(epoch, empty.coveredTo);
    assert.equal(await partition.settle(epoch), empty.coveredTo);
    assert.deepEqual(reads, []);
    story.write(...retained);
    const changes = story.changes(retained.map((instance) => snapshotOf(instance)));
    await partition.commit(epoch, changes);
    await partition.pack(epoch, changes.coveredTo);
    assert.deepEqual(reads, [empty.coveredTo + 1]);
    for (const { key, last, history } of retained) {
      const found = await partition.history({ key, last, afterEvent: 0, limit: 1_000 });
      assert.equal(found.length, history.length);
    }
    await archive.close();
    await rm(directory, { recursive: true });
  });

  it("refuses deleted batches", async () => {
    const directory = await mkdtemp(join(files, "tutti-located-"));
    const services = [{ service, partitions: 1 }];
    const { journal } = await openSegments(directory, { services, chance: seededChance(1), sizes });
    const partition = journal.partition(service, 0);
    const owner = await Owner.of(partition, epoch);
    for (let count = 0; count < 20; count++) await owner.append(new Uint8Array(20_000));
    await partition.truncate(15);
    assert.ok("locate" in partition && typeof partition.locate === "function");
    const { locate } = partition;
    assert.throws(() => locate.call(partition, 1, 20), journalErrors.truncated.is);
    await journal.close();
    await rm(directory, { recursive: true });
  });
});
