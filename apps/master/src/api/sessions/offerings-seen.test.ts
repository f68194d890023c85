import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { VirtualTime } from "@tutti/kernel/testing";
import { OfferingsSeen, seenForMs } from "./offerings-seen.ts";

describe("what agents offered", () => {
  it("is recent for as long as they may take to come back, counted from the last time", () => {
    const time = new VirtualTime();
    const seen = new OfferingsSeen(time);
    assert.equal(seen.isRecent("a"), false);
    seen.saw("a");
    time.advance(seenForMs - 1);
    assert.equal(seen.isRecent("a"), true);
    seen.saw("a");
    time.advance(seenForMs - 1);
    assert.deepEqual([seen.isRecent("a"), seen.isRecent("b")], [true, false]);
    time.advance(1);
    assert.equal(seen.isRecent("a"), false);
  });

  it("is forgotten when there is too much, the longest ago first", () => {
    const seen = new OfferingsSeen(new VirtualTime());
    for (let number = 0; number <= 10_000; number++) seen.saw(String(number));
    assert.deepEqual([seen.isRecent("0"), seen.isRecent("1")], [false, true]);
  });
});
