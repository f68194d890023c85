import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { batchOverheadBytes, Room } from "./room.ts";

describe("the room of a journal on JetStream", () => {
  it("becomes available when a batch releases it, once", async () => {
    const room = new Room(2 * (100 + batchOverheadBytes), 100);
    assert.equal(room.wait(), undefined);
    assert.ok(room.reserve(100) && room.reserve(100));
    assert.equal(room.reserve(0), false);
    const waiting = room.wait();
    room.release(100);
    await waiting;
    room.release(100);
    assert.throws(() => room.release(100), /releases its bytes once/);
  });
});
