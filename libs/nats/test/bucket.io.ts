import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { eventually } from "@tutti/kernel/testing";
import { type Bucket, type BucketChange, type NatsConnection, natsErrors, openBucket } from "../src/index.ts";
import { connectionTo, natsAccount, natsServerProgram, startNatsServer } from "../src/testing/index.ts";

const program = await natsServerProgram();
const bytes = (text: string): Uint8Array => new TextEncoder().encode(text);
const text = (value: Uint8Array): string => new TextDecoder().decode(value);

/** A change in short: `put a=1 @3`, `delete a @4`, `end @4`. */
function short(change: BucketChange): string {
  switch (change.kind) {
    case "put":
      return `put ${change.key}=${text(change.value)} @${change.revision}`;
    case "delete":
      return `delete ${change.key} @${change.revision}`;
    case "snapshot-end":
      return `end @${change.revision}`;
  }
}

async function collect(changes: AsyncIterator<BucketChange>, count: number): Promise<string[]> {
  const collected: string[] = [];
  while (collected.length < count) {
    const { value, done } = await changes.next();
    if (done === true) break;
    collected.push(short(value));
  }
  return collected;
}

describe("Bucket", { skip: program.skip }, () => {
  let connection: NatsConnection & AsyncDisposable;
  let number = 0;
  before(async () => {
    const { address, settings } = await natsAccount();
    connection = await connectionTo([address], { settings });
  });
  after(async () => {
    await connection?.[Symbol.asyncDispose]();
  });
  const fresh = (): Promise<Bucket> => openBucket(connection, { name: `b${number++}` });

  it("stores a value under its key, with a revision that grows with every change", async () => {
    const bucket = await fresh();
    assert.equal(await bucket.get("a.b"), undefined);
    assert.equal(await bucket.put("a.b", bytes("1")), 1);
    assert.equal(await bucket.put("c", bytes("2")), 2);
    const entry = await bucket.get("a.b");
    assert.deepEqual([entry?.key, text(entry?.value ?? bytes("")), entry?.revision], ["a.b", "1", 1]);
    assert.ok((entry?.writtenMs ?? 0) > 1.7e12);
  });

  it("accepts exactly one of many writers with the same revision", async () => {
    const bucket = await fresh();
    const created = await Promise.all(["x", "y", "z"].map((owner) => bucket.create("lease", bytes(owner))));
    assert.equal(created.filter(({ written }) => written).length, 1);
    const updated = await Promise.all(
      ["x", "y", "z"].map((owner) => bucket.update("lease", bytes(owner), 1)),
    );
    const [winner] = updated.filter((outcome) => outcome.written);
    assert.equal(winner?.written && winner.revision, 2);
    const [loser] = updated.filter((outcome) => !outcome.written);
    assert.ok(loser?.written === false);
    assert.equal(loser.refusal.code, natsErrors.wrongRevision.code);
    assert.match(
      loser.refusal.message,
      /lease in the bucket b\d+ is at (revision 2|another revision), not 1\. Read the key again/,
    );
  });

  it("deletes only the revision named, and creates again over the deletion", async () => {
    const bucket = await fresh();
    await bucket.put("a", bytes("1"));
    assert.equal((await bucket.delete("a", 7)).written, false);
    assert.deepEqual(await bucket.delete("a", 1), { written: true, revision: 2 });
    assert.equal(await bucket.get("a"), undefined);
    assert.equal((await bucket.update("a", bytes("2"), 1)).written, false);
    assert.deepEqual(await bucket.create("a", bytes("2")), { written: true, revision: 3 });
  });

  it("lists existing keys, by filter, without deleted keys", async () => {
    const bucket = await fresh();
    assert.deepEqual(await bucket.keys(), []);
    for (const key of ["i.a.1", "i.a.2", "i.b.1", "other"]) await bucket.put(key, bytes(key));
    await bucket.delete("i.a.1", 1);
    assert.deepEqual(await bucket.keys(), ["i.a.2", "i.b.1", "other"]);
    assert.deepEqual(await bucket.keys("i.>"), ["i.a.2", "i.b.1"]);
    assert.deepEqual(await bucket.keys("i.*.2"), ["i.a.2"]);
  });

  it("refuses invalid keys and filters before it calls the server", async () => {
    const bucket = await fresh();
    for (const key of ["", ".a", "a.", "a..b", "a b", "a.*", "ä"]) {
      await assert.rejects(async () => bucket.get(key), natsErrors.badKey.is, key);
    }
    assert.throws(() => bucket.watch({ filter: "a.>.b" }), natsErrors.badKey.is);
  });

  it("opens an existing bucket, updates its options, and refuses another storage type", async () => {
    await openBucket(connection, { name: "again", history: 1, replicas: 1 });
    const bucket = await openBucket(connection, { name: "again", history: 5, ttlMs: 60_000 });
    await bucket.put("a", bytes("1"));
    const { config } = await (await connection.manager("test")).streams.info("KV_again");
    assert.deepEqual([config.max_msgs_per_subject, config.max_age, config.allow_direct], [5, 60e9, false]);
    await assert.rejects(openBucket(connection, { name: "again", storage: "memory" }), (error) => {
      assert.ok(natsErrors.storageDiffers.is(error));
      assert.match(error.message, /the bucket again has storage file instead of memory/);
      return true;
    });
  });

  it("watches: a snapshot, its end, then every change", async () => {
    const bucket = await fresh();
    await bucket.put("a", bytes("1"));
    await bucket.put("b", bytes("1"));
    await bucket.put("a", bytes("2"));
    await bucket.delete("b", 2);
    const watch = bucket.watch();
    const changes = watch[Symbol.asyncIterator]();
    assert.deepEqual(await collect(changes, 3), ["put a=2 @3", "delete b @4", "end @4"]);
    await bucket.put("c", bytes("1"));
    await bucket.delete("c", 5);
    assert.deepEqual(await collect(changes, 2), ["put c=1 @5", "delete c @6"]);
    watch.close();
    assert.deepEqual(await collect(changes, 1), []);
  });

  it("watches an empty bucket and by filter", async () => {
    const bucket = await fresh();
    await using watch = disposable(bucket.watch({ filter: "x.*" }));
    const changes = watch[Symbol.asyncIterator]();
    assert.deepEqual(await collect(changes, 1), ["end @0"]);
    await bucket.put("y.1", bytes("no"));
    await bucket.put("x.1", bytes("yes"));
    assert.deepEqual(await collect(changes, 1), ["put x.1=yes @2"]);
  });

  it("resumes a watch with the changes after a revision, then reports that it is up to date", async () => {
    const bucket = await fresh();
    for (const value of ["1", "2", "3"]) await bucket.put("a", bytes(value));
    await bucket.put("b", bytes("1"));
    await bucket.delete("b", 4);
    await using watch = disposable(bucket.watch({ after: 2 }));
    assert.deepEqual(await collect(watch[Symbol.asyncIterator](), 3), [
      "put a=3 @3",
      "delete b @5",
      "end @5",
    ]);
    await using upToDate = disposable(bucket.watch({ after: 5 }));
    assert.deepEqual(await collect(upToDate[Symbol.asyncIterator](), 1), ["end @5"]);
  });

  it("refuses to resume beyond its end, and from before a clearing of deletions", async () => {
    const bucket = await fresh();
    await bucket.put("a", bytes("1"));
    await bucket.put("b", bytes("1"));
    await bucket.delete("a", 1);
    await assert.rejects(
      collect(bucket.watch({ after: 9 })[Symbol.asyncIterator](), 1),
      natsErrors.revisionGone.is,
    );
    assert.equal(await bucket.compact(3_600_000), 0);
    assert.equal(await bucket.compact(0), 1);
    assert.deepEqual(await bucket.keys(), ["b"]);
    await assert.rejects(
      collect(bucket.watch({ after: 2 })[Symbol.asyncIterator](), 1),
      natsErrors.revisionGone.is,
    );
    assert.deepEqual(await collect(bucket.watch({ after: 3 })[Symbol.asyncIterator](), 1), ["end @4"]);
  });

  it("delivers any number of changes at the pace of the reader", async () => {
    const bucket = await fresh();
    await Promise.all(Array.from({ length: 300 }, (_, index) => bucket.put(`k${index}`, bytes("1"))));
    await using watch = disposable(bucket.watch({ buffered: 8 }));
    const changes = await collect(watch[Symbol.asyncIterator](), 301);
    assert.equal(new Set(changes).size, 301);
    assert.equal(changes.at(-1), "end @300");
  });

  it("ends a watch with its signal", async () => {
    const bucket = await fresh();
    const stop = new AbortController();
    const changes = bucket.watch({ signal: stop.signal })[Symbol.asyncIterator]();
    await collect(changes, 1);
    const next = collect(changes, 1);
    stop.abort();
    assert.deepEqual(await next, []);
  });
});

describe("Bucket during outages of its server", { skip: program.skip }, () => {
  it("continues to watch without leaving out or repeating a change", async () => {
    await using server = await startNatsServer();
    await using connection = await connectionTo([server.address]);
    await using writer = await connectionTo([server.address]);
    const bucket = await openBucket(connection, { name: "survivor" });
    const other = await openBucket(writer, { name: "survivor" });
    await other.put("a", bytes("1"));
    await using watch = disposable(bucket.watch());
    const changes = watch[Symbol.asyncIterator]();
    assert.deepEqual(await collect(changes, 2), ["put a=1 @1", "end @1"]);
    for (let round = 1; round <= 3; round++) {
      await server.down(round === 2 ? "kill" : "stop");
      await assert.rejects(bucket.get("a"), natsErrors.unavailable.is);
      await server.up();
      const revision = await eventually(
        () => other.put("a", bytes(`round ${round}`)),
        natsErrors.unavailable.is,
      );
      assert.deepEqual(await collect(changes, 1), [`put a=round ${round} @${revision}`]);
    }
  });

  it("fails a watch if its bucket was created again", async () => {
    await using server = await startNatsServer();
    await using connection = await connectionTo([server.address]);
    const bucket = await openBucket(connection, { name: "gone" });
    await bucket.put("a", bytes("1"));
    const changes = bucket.watch()[Symbol.asyncIterator]();
    await collect(changes, 2);
    const next = collect(changes, 1);
    await (await connection.manager("test")).streams.delete("KV_gone");
    await openBucket(connection, { name: "gone" });
    await connection.client("test").reconnect();
    await assert.rejects(next, natsErrors.revisionGone.is);
  });

  it("reports a deleted bucket as missing", async () => {
    await using server = await startNatsServer();
    await using connection = await connectionTo([server.address]);
    const bucket = await openBucket(connection, { name: "gone" });
    await (await connection.manager("test")).streams.delete("KV_gone");
    await assert.rejects(bucket.get("a"), natsErrors.missing.is);
  });
});

function disposable<T extends { close(): void }>(watch: T): T & AsyncDisposable {
  return Object.assign(watch, { [Symbol.asyncDispose]: async () => watch.close() });
}
