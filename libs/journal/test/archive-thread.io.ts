import assert from "node:assert/strict";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { describe, it } from "node:test";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { ArchiveThread, archiveErrors, openArchive } from "@tutti/journal";
import { systemClock } from "@tutti/kernel";

const dying = new URL("programs/dying-thread.ts", import.meta.url);

describe("the archive's thread", () => {
  it("does not start for reads of an empty archive", async () => {
    const thread = new ArchiveThread(dying);
    const host = thread.host("/nowhere/archive.db");
    assert.equal((await host.call("opening", 0)).coveredTo, 0);
    assert.deepEqual(await host.call("load", 0, [{ namespace: "a", kind: "b", id: "c" }]), [
      { kind: "nothing" },
    ]);
    assert.equal(thread.isStarted, false);
    await host.close();
  });

  it("ends with the last archive, except when it is held for the next one", async () => {
    const thread = new ArchiveThread(dying);
    const release = thread.retain();
    assert.equal(thread.isStarted, false, "nothing has to be read yet");
    const opened = async () => {
      const host = thread.host(import.meta.filename);
      await host.call("opening", 0);
      await host.close();
      return thread.isStarted;
    };
    assert.equal(await opened(), true);
    await release();
    assert.equal(thread.isStarted, false);
    assert.equal(await opened(), false);
  });

  it("receives no repeated requests of an idle process while nothing is written", async (t) => {
    const directory = mkdtempSync(join(tmpdir(), "tutti-archive-"));
    const thread = new ArchiveThread();
    const archive = openArchive(directory, thread, {
      ...{ partitions: 1, clock: systemClock },
      source: () => ({ async *read() {} }),
    });
    t.after(async () => {
      await archive.close();
      rmSync(directory, { recursive: true });
    });
    const partition = archive.partition(0);
    await partition.opening(1);
    const keyOf = (id: string) => ({ namespace: "default", kind: "run", id });
    const commit = (id: string, coveredTo: number) =>
      partition.commit(coveredTo, {
        ...{ coveredTo, partitionSnapshot: undefined, snapshots: [] },
        entries: [
          {
            ...{ key: keyOf(id), incarnation: 1, labels: {}, definition: "", events: 0 },
            ...{ status: WorkStatus.WORK_STATUS_COMPLETED, startMs: 1, endMs: 2 },
            ...{ last: { batch: 1, index: 0 }, startedBy: new Uint8Array(0) },
            ...{ keepUntilMs: 3, idKeptUntilMs: 0 },
          },
        ],
      });
    await commit("one", 1);
    const call = t.mock.method(thread, "call");
    const query = async () => {
      await archive.figures();
      return (await partition.load([keyOf("two")]))[0]?.kind;
    };
    assert.equal(await query(), "nothing");
    const callCount = call.mock.callCount();
    assert.equal(await query(), "nothing");
    assert.equal(call.mock.callCount(), callCount);
    await commit("two", 2);
    assert.equal(await query(), "ended");
    const snapshotOf = async () => (await partition.load([keyOf("three")]))[0];
    for (const [at, bytes] of [
      [3, 5_000],
      [4, 6_000],
    ] as const) {
      const snapshot = new Uint8Array(bytes).fill(at);
      await partition.commit(at, {
        ...{ coveredTo: at, partitionSnapshot: undefined },
        snapshots: [{ key: keyOf("three"), incarnation: 3, snapshot, dueMs: 0, outstanding: false }],
        entries: [
          {
            ...{ key: keyOf("three"), incarnation: 3, labels: {}, definition: "", events: 0 },
            ...{ status: WorkStatus.WORK_STATUS_RUNNING, startMs: 1, endMs: 0 },
            ...{ last: { batch: at, index: 0 }, startedBy: new Uint8Array(0) },
            ...{ keepUntilMs: 0, idKeptUntilMs: 0 },
          },
        ],
      });
      const loaded = await snapshotOf();
      assert.deepEqual(loaded?.kind === "snapshot" && new Uint8Array(loaded.snapshot), snapshot);
      const before = call.mock.callCount();
      assert.deepEqual(await snapshotOf(), loaded);
      assert.equal(call.mock.callCount(), before);
    }
  });

  it("refuses waiting calls when it dies, and is started again by the next call", async () => {
    const thread = new ArchiveThread(dying);
    // The file exists, so the thread is used.
    const host = thread.host(import.meta.filename);
    assert.equal(await host.call("opening", 0), "alive");
    const dead = [host.call("purge", 1), host.call("figures")];
    for (const promise of dead) {
      await assert.rejects(promise, (error: unknown) => {
        assert.ok(archiveErrors.failed.is(error));
        assert.match(error.message, /its thread has ended/);
        return true;
      });
    }
    assert.equal(thread.isStarted, false);
    assert.equal(await host.call("opening", 0), "alive");
    await host.close();
  });
});
