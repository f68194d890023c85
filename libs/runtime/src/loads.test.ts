import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { VirtualTime } from "@tutti/kernel/testing";
import { Loads } from "./loads.ts";

describe("the load of a partition", () => {
  it("approaches the share of time that its turns take, and decays after they end", () => {
    const time = new VirtualTime();
    const loads = new Loads(time);
    let turnMs = 0;
    assert.equal(loads.of(0, turnMs), 0);
    for (let second = 0; second < 10; second++) {
      time.advance(1_000);
      turnMs += 400;
      loads.of(0, turnMs);
    }
    assert.ok(Math.abs(loads.of(0, turnMs) - 0.4) < 0.01);
    for (let second = 0; second < 10; second++) {
      time.advance(1_000);
      loads.of(0, turnMs);
    }
    assert.ok(loads.of(0, turnMs) < 0.01);
  });

  it("does not change between two samples, never exceeds one, and is separate per partition", () => {
    const time = new VirtualTime();
    const loads = new Loads(time);
    loads.of(0, 0);
    loads.of(1, 0);
    time.advance(1_000);
    const load = loads.of(0, 5_000);
    assert.equal(load, 0.5);
    time.advance(10);
    assert.equal(loads.of(0, 9_000), load);
    assert.equal(loads.of(1, 0), 0);
  });
});
