/** Imports the data of a single process into NATS: its content is the same there, and it continues. */
import assert from "node:assert/strict";
import { hash } from "node:crypto";
import { rm } from "node:fs/promises";
import { join } from "node:path";
import { describe, it } from "node:test";
import {
  type Archive,
  DirectoryBlobs,
  encodeBatch,
  type Journal,
  type JournalPartition,
  MemoryJournal,
  openArchiveInline,
  type ServicePartitions,
} from "@tutti/journal";
import { importJournal, jetstreamErrors, openJetStream } from "@tutti/journal/jetstream";
import { importArchive, openObjectArchive, openObjectBlobs } from "@tutti/journal/objects";
import {
  BatchFeed,
  batchesFrom,
  type Character,
  character,
  crowd,
  Owner,
  plainSearch,
  Story,
  snapshotOf,
} from "@tutti/journal/testing";
import { systemClock } from "@tutti/kernel";
import { VirtualTime } from "@tutti/kernel/testing";
import type { NatsConnection } from "@tutti/nats";
import { natsServerProgram } from "@tutti/nats/testing";
import { sharedConnection, signal } from "./jetstream.fixture.ts";
import { directoryFor } from "./objects.fixture.ts";

const program = await natsServerProgram();
const service = "workflow";
const settings = { replicas: 1, bytesMax: -1 };
const epoch = 1;

describe("the data of one process, imported into NATS", { skip: program.skip }, () => {
  describe("a journal", () => {
    const services: readonly ServicePartitions[] = [{ service, partitions: 5 }];

    /** Whole. Cut before a batch. Cut before a seal. With only its position. Never used. */
    async function written(): Promise<MemoryJournal> {
      const journal = new MemoryJournal({ services });
      for (let partition = 0; partition < 4; partition++) {
        const log = journal.partition(service, partition);
        for (const seals of [1, 2, 5]) {
          const owner = await Owner.of(log, seals);
          await owner.append("one");
          await owner.append(new Uint8Array(partition === 0 ? 3_000_000 : 20).fill(seals));
        }
      }
      await journal.partition(service, 1).truncate(5);
      await journal.partition(service, 2).truncate(7);
      await journal.partition(service, 3).truncate(10);
      return journal;
    }

    async function open(connection: NatsConnection): Promise<Journal> {
      return (await openJetStream({ connection, services, ...settings }, signal)).journal;
    }

    it("has the same batches, numbers and hashes, wherever it was cut", async () => {
      await using connection = await sharedConnection();
      const from = await written();
      await importJournal(from, { connection, services, ...settings }, signal);
      const to = await open(connection);
      for (const log of from.partitions) {
        const imported = to.partition(service, log.partition);
        assert.deepEqual(
          { first: imported.first, last: imported.last },
          { first: log.first, last: log.last },
          `partition ${log.partition}`,
        );
        assert.deepEqual(await hashes(imported), await hashes(log));
      }
      assert.deepEqual(
        to.partitions.map(({ first, last }) => [first, last.number]),
        [
          [1, 9],
          [5, 9],
          [7, 9],
          [10, 9],
          [1, 0],
        ],
      );
      await to.close();
    });

    it("continues under a newer epoch, is cut, and is opened again", async () => {
      await using connection = await sharedConnection();
      await importJournal(await written(), { connection, services, ...settings }, signal);
      const to = await open(connection);
      for (const log of to.partitions) {
        const owner = await Owner.of(log, 6);
        for (let count = 0; count < 3; count++) assert.equal((await owner.append("more")).kind, "durable");
        await log.truncate(log.last.number);
      }
      const ends = to.partitions.map(({ first, last }) => ({ first, last }));
      await to.close();
      const reopened = await open(connection);
      assert.deepEqual(
        reopened.partitions.map(({ first, last }) => ({ first, last })),
        ends,
      );
      for (const log of reopened.partitions) {
        assert.equal((await batchesFrom(log, log.last.number)).length, 1);
        await assert.rejects(batchesFrom(log, log.first - 1), { code: "journal.truncated" });
      }
      await reopened.close();
    });

    it("is not imported if one exists", async () => {
      await using connection = await sharedConnection();
      const from = await written();
      await importJournal(from, { connection, services, ...settings }, signal);
      await assert.rejects(
        importJournal(from, { connection, services, ...settings }, signal),
        (error: unknown) => {
          assert.ok(jetstreamErrors.streamNotEmpty.is(error), String(error));
          assert.match(error.message, /Use a NATS server without data of Tutti/);
          return true;
        },
      );
    });
  });

  it("an archive answers as before, each partition separately, and continues", async () => {
    await using connection = await sharedConnection();
    const directory = await directoryFor("import");
    const clock = new VirtualTime();
    const feed = new BatchFeed();
    const partitions = 3;
    const embedded = openArchiveInline(join(directory, "embedded"), {
      partitions,
      clock,
      source: feed.source,
    });
    // The last one was never used.
    const parts = [0, 1].map((partition) => ({ partition, story: new Story(feed, partition) }));
    const cast: Character[][] = [];
    for (const { partition, story } of parts) {
      const archive = embedded.partition(partition);
      await archive.opening(epoch);
      const all = crowd(`p${partition}`, 40);
      // Long enough for rows of its own.
      const long = character(`long-${partition}`);
      story.write(...all);
      for (let count = 0; count < 150; count++) story.write(long);
      for (const instance of all.slice(0, 20)) story.finish(instance);
      const live = [...all.slice(20), long];
      const snapshots = live.map((instance, index) => ({
        ...snapshotOf(instance),
        dueMs: index % 2 === 0 ? 0 : clock.now() + index * 1_000,
        outstanding: index % 3 === 0,
      }));
      await story.persist(archive, snapshots);
      story.write(...all.slice(30));
      await archive.commit(epoch, story.changes());
      cast.push([...all, long]);
    }
    const before = await answers(embedded, cast);
    await embedded.close();
    const streams = { connection, service, partitions, ...settings };
    await importArchive(
      { ...streams, from: join(directory, "embedded"), scratch: join(directory, "x"), epochOf: () => epoch },
      signal,
    );
    const open = (copies: string) =>
      openObjectArchive(
        { ...streams, directory: join(directory, copies), thread: undefined, source: feed.source },
        signal,
      );
    const first = await open("one");
    for (let partition = 0; partition < partitions; partition++)
      await first.partition(partition).opening(epoch + 1);
    assert.deepEqual(await answers(first, cast), before);
    const [{ story } = {}] = parts;
    story?.write(...crowd("new", 5));
    await story?.persist({
      ...first.partition(0),
      commit: (_, changes) => first.partition(0).commit(epoch + 1, changes),
      pack: (_, upTo) => first.partition(0).pack(epoch + 1, upTo),
    });
    const after = await answers(first, cast);
    await first.close();
    const second = await open("two");
    for (let partition = 0; partition < partitions; partition++)
      await second.partition(partition).opening(epoch + 2);
    assert.deepEqual(await answers(second, cast), after);
    await second.close();
    await rm(directory, { recursive: true });
  });

  it("blobs keep their names and mentions", async () => {
    await using connection = await sharedConnection();
    const directory = await directoryFor("import");
    const from = await DirectoryBlobs.open(directory, systemClock);
    const large = new Uint8Array(1_300_000).fill(7);
    const { sha256 } = await from.put("shop.eu", [large]);
    const unmentioned = await from.put("shop.eu", [new Uint8Array(1_000)]);
    await from.mention([{ service, partition: 3, namespace: "shop.eu", kind: "run", id: "a", sha256 }]);
    await from.recordThrough({ service, partition: 3 }, 77);
    const to = await openObjectBlobs({ connection, store: "shared", ...settings }, signal);
    await from.copyTo(to);
    const read: Uint8Array[] = [];
    for await (const part of to.read("shop.eu", sha256)) read.push(part);
    assert.deepEqual(Uint8Array.from(Buffer.concat(read)), large);
    assert.deepEqual(await to.through(), { service, partition: 3, throughMs: 77 });
    const later = Number.MAX_SAFE_INTEGER;
    for (let slice = 0; slice < 256; slice++) {
      await to.sweep(slice, { beforeMs: later, isReferenced: async (requests) => requests.map(() => true) });
    }
    assert.notEqual(await to.find("shop.eu", sha256), undefined);
    assert.equal(await to.find("shop.eu", unmentioned.sha256), undefined);
    await rm(directory, { recursive: true });
  });
});

/** Returns the hashes of all batches, over their exact bytes. */
async function hashes(log: JournalPartition): Promise<string[]> {
  const batches = await batchesFrom(log, log.first);
  return batches.map((batch) => `${batch.number} ${hash("sha256", encodeBatch(log, batch))}`);
}

/** Returns all answers of an archive about some instances. */
async function answers(archive: Archive, cast: readonly (readonly Character[])[]) {
  const each = [];
  for (const [partition, characters] of cast.entries()) {
    const part = archive.partition(partition);
    const histories = [];
    for (const { key, last } of characters)
      histories.push(await part.history({ key, last, afterEvent: 0, limit: 1_000 }));
    each.push({
      kept: await part.load(characters.map(({ key }) => key)),
      keys: await Promise.all(characters.map(({ incarnation }) => part.keyOf(incarnation))),
      due: await part.due(Number.MAX_SAFE_INTEGER, 1_000),
      nextDueMs: await part.nextDueMs(),
      outstanding: await part.outstanding(0, 1_000),
      histories,
    });
  }
  const { entries } = await archive.search({ ...plainSearch, limit: 1_000 });
  const { liveInstances, endedInstances } = await archive.figures();
  return { each, entries, liveInstances, endedInstances };
}
