import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdir, mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, describe, it } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import type { Worker } from "node:worker_threads";
import { systemTimers } from "@tutti/kernel";
import { seededChance } from "@tutti/kernel/testing";
import { fileDisk } from "../disk/file-disk.ts";
import { journalErrors } from "../errors.ts";
import { batchesFrom, Owner } from "../testing/fixture.ts";
import { emptyEnds } from "./ends.ts";
import { GroupBuffer } from "./group.ts";
import { LogReader } from "./log-reader.ts";
import { openSegments, type SegmentsOptions } from "./open.ts";
import { preparedName, segmentSizes } from "./segment-files.ts";
import { WorkerHost } from "./worker-host.ts";
import { type CommitResult, durableAt } from "./writer.ts";

const options: SegmentsOptions = {
  services: [{ service: "workflow", partitions: 1 }],
  chance: seededChance(1),
  sizes: { firstBytes: 32 * 1024, maxBytes: 32 * 1024 },
};

/** Opens a journal, and returns it with its thread. */
async function openedWithThread(directory: string) {
  const started = once(process, "worker");
  const { journal } = await openSegments(directory, options);
  const [thread]: Worker[] = await started;
  assert.ok(thread !== undefined);
  return { journal, thread };
}

async function assertStopped(owner: Owner): Promise<void> {
  assert.equal((await owner.append("after the end")).kind, "stopped");
  assert.equal((await owner.seal()).kind, "stopped");
}

describe("segments with a thread", () => {
  let directory = "";
  beforeEach(async () => {
    directory = await mkdtemp(join(tmpdir(), "tutti-segments-"));
  });
  afterEach(() => rm(directory, { recursive: true }));

  it("return an unknown outcome when a write to disk fails, and reject everything after it", async () => {
    const { journal } = await openSegments(directory, options);
    const owner = await Owner.of(journal.partition("workflow", 0));
    await owner.append(new Uint8Array(20_000));
    // The next segment cannot get its name, because a directory has it.
    await rm(join(directory, preparedName), { force: true });
    await mkdir(join(directory, "000000000002.log"));
    const outcome = await owner.append(new Uint8Array(20_000));
    assert.equal(outcome.kind, "unknown");
    if (outcome.kind === "unknown") assert.match(outcome.refusal.message, /EISDIR|rename/);
    assert.equal((await owner.append("later")).kind, "stopped");
    await journal.close();
    await rm(join(directory, "000000000002.log"), { recursive: true });
    const reopened = await openSegments(directory, options);
    assert.equal(reopened.journal.partition("workflow", 0).last.number, 2);
    await reopened.journal.close();
  });

  it("write each group once, also when the thread is woken without an order", async (t) => {
    const { journal } = await openSegments(directory, options);
    const owner = await Owner.of(journal.partition("workflow", 0));
    const { notify } = Atomics;
    // A notification that arrives after the thread has executed the order and sleeps again.
    const late: (() => void)[] = [];
    t.mock.method(Atomics, "notify", (...order: Parameters<typeof notify>) => {
      late.push(() => notify(...order));
      return notify(...order);
    });
    for (let count = 1; count <= 200; count++) {
      assert.equal((await owner.append("a")).kind, "durable");
      await turn();
      for (const appendLate of late.splice(0)) appendLate();
    }
    assert.equal((await batchesFrom(journal.partition("workflow", 0))).length, 201);
    await journal.close();
    const reopened = await openSegments(directory, options);
    assert.equal(reopened.found.batches, 201);
    await reopened.journal.close();
  });

  it("prepare the next segment in advance, and use it", async () => {
    const { journal } = await openSegments(directory, options);
    const owner = await Owner.of(journal.partition("workflow", 0));
    for (let count = 0; count < 30; count++) await owner.append("a".repeat(3_000));
    await journal.close();
    const names = await readdir(directory);
    assert.ok(names.includes("000000000004.log"), names.join());
    const { journal: reopened, found } = await openSegments(directory, options);
    assert.equal(found.batches, 31);
    assert.equal((await batchesFrom(reopened.partition("workflow", 0))).length, 31);
    await reopened.close();
    assert.ok((await readdir(directory)).every((name) => name.endsWith(".log")));
  });

  it("can be followed by a reader with its own files while they are written", async () => {
    const { journal } = await openSegments(directory, options);
    const owner = await Owner.of(journal.partition("workflow", 0));
    const reader = new LogReader(fileDisk(directory, "read"));
    const numbers: number[] = [];
    for (let count = 0; count < 12; count++) {
      await owner.append("a".repeat(5_000));
      assert.ok(reader.read(journal.end, (_, { number }) => numbers.push(number)));
    }
    reader.close();
    await journal.close();
    assert.deepEqual(
      numbers,
      Array.from({ length: 13 }, (_, index) => index + 1),
    );
  });

  it("answer every append when the thread dies, and have all acknowledged batches when opened again", async () => {
    const { journal, thread } = await openedWithThread(directory);
    const owner = await Owner.of(journal.partition("workflow", 0));
    const pending = [1, 2, 3].map((count) => owner.append(String(count)));
    // In the turn in which the group leaves. The progress of the thread is unknown.
    await new Promise((resolve) => setImmediate(resolve));
    const behind = [4, 5].map((count) => owner.append(String(count)));
    await thread.terminate();
    const outcomes = await Promise.all([...pending, ...behind]);
    const acknowledged = outcomes.filter(({ kind }) => kind === "durable").length;
    assert.ok(outcomes.slice(acknowledged).every(({ kind }) => kind === "unknown" || kind === "stopped"));
    // The first append after the end may be the one that detects it.
    await owner.append("later");
    await assertStopped(owner);
    await journal.close();
    const reopened = await openSegments(directory, options);
    assert.ok(reopened.journal.partition("workflow", 0).last.number >= 1 + acknowledged);
    await reopened.journal.close();
  });

  it("report at the next append that an idle thread has ended", async () => {
    const { journal, thread } = await openedWithThread(directory);
    const owner = await Owner.of(journal.partition("workflow", 0));
    await thread.terminate();
    const outcome = await owner.append("nobody writes it");
    assert.equal(outcome.kind, "unknown");
    if (outcome.kind === "unknown") assert.match(outcome.refusal.message, /the journal's thread has ended/);
    await assertStopped(owner);
    await journal.close();
  });

  it("end an idle thread, and write batches that arrive during its end, or later, with the next thread", async (t) => {
    const idle: (() => void)[] = [];
    t.mock.method(systemTimers, "after", (_delayMs: number, callback: () => void) => {
      idle.push(callback);
      return { cancel: () => {} };
    });
    const { journal, thread } = await openedWithThread(directory);
    const owner = await Owner.of(journal.partition("workflow", 0));
    const afterIdle = () => idle.shift()?.();
    afterIdle();
    assert.equal((await owner.append("the thread was in use")).kind, "durable");
    afterIdle();
    const ended = once(thread, "exit");
    const started = once(process, "worker");
    afterIdle();
    assert.equal((await owner.append("during the end")).kind, "durable");
    await ended;
    const [next]: Worker[] = await started;
    assert.ok(next !== undefined);
    const nextEnded = once(next, "exit");
    afterIdle();
    afterIdle();
    await nextEnded;
    const third = once(process, "worker");
    assert.equal((await owner.append("a".repeat(20_000))).kind, "durable");
    assert.equal((await owner.append("a".repeat(20_000))).kind, "durable");
    const [last]: Worker[] = await third;
    assert.ok(last !== undefined);
    const lastEnded = once(last, "exit");
    afterIdle();
    afterIdle();
    await lastEnded;
    await journal.close();
    const { journal: reopened, found } = await openSegments(directory, options);
    assert.deepEqual({ batches: found.batches, torn: found.torn }, { batches: 5, torn: undefined });
    assert.equal((await batchesFrom(reopened.partition("workflow", 0))).length, 5);
    await reopened.close();
  });

  it("refuse orders when the thread cannot be started", async () => {
    const log = {
      logId: new Uint8Array(16),
      partitions: [],
      ends: emptyEnds(0),
      sequence: 0,
      checksum: 0,
      active: durableAt(0, 0, 0),
      next: 0,
      vouched: true,
    };
    const host = new WorkerHost(directory, segmentSizes, log, new URL("./none.ts", import.meta.url));
    const group = new GroupBuffer(host.memory(65_536));
    host.start();
    const result = await new Promise<CommitResult>((resolve) => host.commit(group, resolve));
    assert.equal(result.kind, "unknown");
    assert.match(result.kind === "unknown" ? result.reason : "", /none\.ts/);
    await host.close();
  });

  it("fail to open, and leave no thread, if a file in the directory is not a segment", async () => {
    await writeFile(join(directory, "000000000001.log"), "no journal");
    await assert.rejects(openSegments(directory, options), (error: unknown) => {
      assert.ok(journalErrors.corrupt.is(error));
      assert.match(error.message, /000000000001\.log, byte 0: no header of a segment/);
      return true;
    });
  });
});
