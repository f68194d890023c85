import assert from "node:assert/strict";
import { readdir, rm } from "node:fs/promises";
import { after, before, describe, it } from "node:test";
import { archiveErrors } from "@tutti/journal";
import { character, crowd, snapshotOf } from "@tutti/journal/testing";
import { type NatsServer, natsServerProgram, startNatsServer } from "@tutti/nats/testing";
import { PartitionLog } from "../src/objects/log/partition-log.ts";
import { accounts, accountsConfiguration } from "./jetstream.fixture.ts";
import { idsOf, messagesIn, Processes, subjectsIn } from "./objects-owners.fixture.ts";

const program = await natsServerProgram();
const logStream = "TUTTI_ARCHIVE_workflow_0";
const objectStream = "TUTTI_ARCHIVE_workflow";

describe("an archive in NATS that several processes open", { skip: program.skip }, () => {
  let server: NatsServer;
  const nextAccount = accounts();
  before(async () => {
    server = await startNatsServer({ configuration: accountsConfiguration(30) });
  });
  after(() => server?.[Symbol.asyncDispose]());
  const processes = (): Promise<Processes> => Processes.of([server.address], nextAccount());

  it("gives the new owner all commits of the old one, whose late commits are rejected", async () => {
    await using all = await processes();
    const { story } = all;
    const [old, next] = [await all.start(), await all.start()];
    await old.partition.opening(1);
    const some = crowd("one", 20);
    story.write(...some);
    await old.partition.commit(1, story.changes(some.map((instance) => snapshotOf(instance))));
    await old.partition.pack(1, 1);
    const { coveredTo, packedTo } = await next.partition.opening(2);
    const { liveInstances } = await next.archive.figures();
    assert.deepEqual([coveredTo, packedTo, liveInstances], [1, 1, 20]);
    const late = { ...story.changes(), partitionSnapshot: Uint8Array.of(1) };
    await assert.rejects(() => old.partition.commit(1, late), archiveErrors.fenced.is);
    await assert.rejects(() => old.partition.settle(1), archiveErrors.fenced.is);
    await assert.rejects(() => old.partition.opening(1), archiveErrors.fenced.is);
    assert.deepEqual([...(await next.partition.opening(2)).partitionSnapshot], []);
    assert.equal((await idsOf(next.archive)).length, 20);
    // The replaced owner does not find it any more either.
    assert.deepEqual(await idsOf(old.archive), []);
  });

  it("settles nothing for a replaced owner that does not know it yet", async () => {
    await using all = await processes();
    const [old, next] = [await all.start(), await all.start()];
    await old.partition.opening(1);
    await next.partition.opening(2);
    await assert.rejects(() => old.partition.settle(1), archiveErrors.fenced.is);
  });

  it("continues with its own copy when a partition returns, and fetches new data", async () => {
    await using all = await processes();
    const { story } = all;
    const [one, other] = [await all.start(), await all.start()];
    await one.partition.opening(1);
    story.write(character("first"));
    await one.partition.commit(1, story.changes());
    one.partition.release(1);
    await other.partition.opening(2);
    story.write(character("second"));
    await other.partition.commit(2, story.changes());
    await one.partition.opening(3);
    story.write(character("third"));
    await one.partition.commit(3, story.changes());
    assert.deepEqual(await idsOf(one.archive), ["first", "second", "third"]);
  });

  it("is opened by the next owner however fast the old one commits, and the old one is fenced at once", async () => {
    await using all = await processes();
    const { story } = all;
    const [old, next] = [await all.start(), await all.start()];
    await old.partition.opening(1);
    const instance = character("one");
    const going = async (): Promise<number> => {
      for (let count = 0; ; count++) {
        story.write(instance);
        try {
          await old.partition.commit(1, story.changes());
        } catch (error) {
          assert.ok(archiveErrors.fenced.is(error));
          return count;
        }
      }
    };
    const [committed, { coveredTo }] = await Promise.all([going(), next.partition.opening(2)]);
    assert.equal(coveredTo, committed);
  });

  it("continues although an older owner calls", async () => {
    await using all = await processes();
    const { story } = all;
    const owner = await all.start();
    await owner.partition.opening(5);
    const log = new PartitionLog(owner.connection, { service: "workflow", partition: 0 });
    for (const name of ["first", "second"]) {
      await log.knock(4, new AbortController().signal);
      story.write(character(name));
      await owner.partition.commit(5, story.changes());
    }
    await log.knock(6, new AbortController().signal);
    story.write(character("third"));
    await assert.rejects(() => owner.partition.commit(5, story.changes()), archiveErrors.fenced.is);
    const next = await all.start();
    await next.partition.opening(6);
    assert.deepEqual(await idsOf(next.archive), ["first", "second"]);
  });

  it("updates a copy while another process owns the partition, without changing the log", async () => {
    await using all = await processes();
    const { story } = all;
    const [owner, spare] = [await all.start(), await all.start()];
    await owner.partition.opening(1);
    for (const name of ["first", "second"]) {
      story.write(character(name));
      await owner.partition.commit(1, story.changes());
      await spare.archive.prepare(0);
    }
    const before = await messagesIn(owner, logStream);
    await spare.archive.prepare(0);
    await owner.archive.prepare(0);
    assert.equal(await messagesIn(owner, logStream), before);
    assert.deepEqual(await idsOf(spare.archive), []);
    await spare.partition.opening(2);
    assert.deepEqual(await idsOf(spare.archive), ["first", "second"]);
  });

  it("makes bases, cuts the log up to them, and removes unreferenced objects", async () => {
    await using all = await processes();
    const { story } = all;
    const owner = await all.start();
    await owner.partition.opening(1);
    const long = character("long");
    const text = "x".repeat(3_000);
    for (let count = 0; count < 60; count++) {
      const [new1, new2] = crowd(`n${count}`, 2);
      assert.ok(new1 !== undefined && new2 !== undefined);
      story.write(long, new1, new2);
      const snapshots = [snapshotOf(long, { text }), snapshotOf(new1, { text }), snapshotOf(new2, { text })];
      await owner.partition.commit(1, story.changes(snapshots));
      await owner.partition.pack(1, story.feed.last(0));
    }
    await owner.archive.close();
    // Without bases there would be 120 entries of 9 KB each.
    assert.ok((await messagesIn(owner, logStream)) < 100);
    const next = await all.start();
    const { coveredTo, packedTo } = await next.partition.opening(2);
    const { liveInstances } = await next.archive.figures();
    assert.deepEqual([liveInstances, coveredTo, packedTo], [121, 60, 60]);
    const query = { key: long.key, last: long.last, afterEvent: 0, limit: 100 };
    assert.equal((await next.partition.history(query)).length, 60);
    assert.ok((await messagesIn(owner, objectStream)) < 40);
    assert.deepEqual(
      (await readdir(owner.copies)).filter((name) => name.includes("copy")),
      [],
    );
  });

  it("removes unreferenced objects of a dead owner when the next owner makes a base", async () => {
    await using all = await processes();
    const { story } = all;
    const owner = await all.start();
    await owner.partition.opening(1);
    const name = "tutti.archive.objects.workflow.0.1.dead";
    for (const count of [1, 2]) await owner.connection.jetstream("test").publish(`${name}.${count}`, "lost");
    await owner.connection.jetstream("test").publish(`tutti.archive.objects.workflow.0.3.newer.1`, "kept");
    const next = await all.start();
    await next.partition.opening(2);
    const instance = character("one");
    let subjects = await subjectsIn(next, objectStream);
    // The base is made in parallel with the commits.
    for (let count = 0; count < 500 && subjects.some((subject) => subject.startsWith(name)); count++) {
      story.write(instance);
      const text = "x".repeat(count < 4 ? 10_000 : 10);
      await next.partition.commit(2, story.changes([snapshotOf(instance, { text })]));
      subjects = await subjectsIn(next, objectStream);
    }
    assert.deepEqual(
      subjects.filter((subject) => subject.startsWith(name)),
      [],
    );
    assert.equal(subjects.filter((subject) => subject.includes(".3.newer")).length, 1);
  });

  it("writes a commit once if its acknowledgement was lost", async () => {
    await using all = await processes();
    const { story } = all;
    const owner = await all.start();
    await owner.partition.opening(1);
    const before = await messagesIn(owner, logStream);
    story.write(character("one"));
    let lost = 0;
    owner.connection.forgets = (operation) => operation.startsWith("writing to the stream") && lost++ < 3;
    await owner.partition.commit(1, story.changes());
    assert.ok(lost >= 3);
    assert.equal(await messagesIn(owner, logStream), before + 1);
    assert.deepEqual(await idsOf(owner.archive), ["one"]);
  });

  it("waits while no server answers, and continues by itself", async () => {
    await using all = await processes();
    const { story } = all;
    const owner = await all.start();
    await owner.partition.opening(1);
    await server.down();
    story.write(character("one"));
    const committing = owner.partition.commit(1, story.changes());
    const packing = owner.partition.pack(1, 1);
    // Earlier answers are readable meanwhile.
    assert.equal(await owner.partition.nextDueMs(), undefined);
    await server.up();
    await committing;
    await packing;
    assert.equal(await owner.partition.settle(1), 1);
  });

  it("notifies callers that wait for a server when it closes or releases the partition", async () => {
    await using all = await processes();
    const { story } = all;
    const owner = await all.start();
    await owner.partition.opening(1);
    await server.down();
    story.write(character("one"));
    const committing = owner.partition.commit(1, story.changes());
    owner.partition.release(1);
    await assert.rejects(committing, archiveErrors.closed.is);
    const opening = owner.partition.opening(2);
    await owner.archive.close();
    await assert.rejects(opening);
    await server.up();
  });

  it("recreates a missing copy", async () => {
    await using all = await processes();
    const { story } = all;
    const owner = await all.start("same");
    await owner.partition.opening(1);
    const some = crowd("one", 30);
    story.write(...some);
    await owner.partition.commit(1, story.changes(some.map((instance) => snapshotOf(instance))));
    await owner.archive.close();
    await rm(owner.copies, { recursive: true });
    const restarted = await all.start("same");
    await restarted.partition.opening(2);
    assert.equal((await restarted.archive.figures()).liveInstances, 30);
    await restarted.archive.close();
  });
});
