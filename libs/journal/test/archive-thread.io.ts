import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ArchiveThread, archiveErrors } from "@tutti/journal";

const dying = new URL("programs/dying-thread.ts", import.meta.url);

describe("the archive's thread", () => {
  it("is not started for an archive in which there is nothing, until something is written", async () => {
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
    const giveBack = thread.hold();
    assert.equal(thread.isStarted, false, "nothing has to be read yet");
    const opened = async () => {
      const host = thread.host(import.meta.filename);
      await host.call("opening", 0);
      await host.close();
      return thread.isStarted;
    };
    assert.equal(await opened(), true);
    await giveBack();
    assert.equal(thread.isStarted, false);
    assert.equal(await opened(), false);
  });

  it("refuses waiting calls when it dies, and is started again by the next call", async () => {
    const thread = new ArchiveThread(dying);
    // A file that is there: the thread is asked.
    const host = thread.host(import.meta.filename);
    assert.equal(await host.call("opening", 0), "alive");
    const dead = [host.call("purge", 1), host.call("figures")];
    for (const one of dead) {
      await assert.rejects(one, (error: unknown) => {
        assert.ok(archiveErrors.failed.is(error));
        assert.match(error.message, /its thread has gone/);
        return true;
      });
    }
    assert.equal(thread.isStarted, false);
    assert.equal(await host.call("opening", 0), "alive");
    await host.close();
  });
});
