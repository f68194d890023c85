import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { VirtualTime } from "@tutti/kernel/testing";
import { RecentOfferings, recentForMs } from "./recent-offerings.ts";

describe("a capability that agents offered", () => {
  it("is recent as long as its agents may return, counted from the last offer", () => {
    const time = new VirtualTime();
    const recent = new RecentOfferings(time);
    assert.equal(recent.isRecent("a"), false);
    recent.record("a");
    time.advance(recentForMs - 1);
    assert.equal(recent.isRecent("a"), true);
    recent.record("a");
    time.advance(recentForMs - 1);
    assert.deepEqual([recent.isRecent("a"), recent.isRecent("b")], [true, false]);
    time.advance(1);
    assert.equal(recent.isRecent("a"), false);
  });

  it("is forgotten above the maximum, the oldest first", () => {
    const recent = new RecentOfferings(new VirtualTime());
    for (let number = 0; number <= 10_000; number++) recent.record(String(number));
    assert.deepEqual([recent.isRecent("0"), recent.isRecent("1")], [false, true]);
  });
});
