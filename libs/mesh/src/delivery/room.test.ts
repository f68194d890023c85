import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Room } from "./room.ts";

describe("the room of a lane", () => {
  it("is entered in order when it is released, once", async () => {
    const room = new Room(2, 100);
    const { signal } = new AbortController();
    await room.enter(2, 10, signal);
    const entered: string[] = [];
    const first = room.enter(1, 1, signal).then(() => entered.push("first"));
    const second = room.enter(2, 1, signal).then(() => entered.push("second"));
    room.release(2, 10);
    await first;
    assert.deepEqual(entered, ["first"]);
    room.release(1, 1);
    await second;
    room.release(2, 1);
    assert.throws(() => room.release(1, 1), /room is released once/);
  });
});
