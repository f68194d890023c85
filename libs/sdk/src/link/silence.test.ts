import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Silence } from "./silence.ts";

describe("the silence of a host", () => {
  it("is the time since its last frame, when the beats are on time", () => {
    const silence = new Silence(200, 1_000);
    silence.received(1_100);
    const silent: number[] = [];
    for (let nowMs = 1_200; nowMs <= 2_000; nowMs += 200) silent.push(silence.beat(nowMs));
    assert.deepEqual(silent, [100, 300, 500, 700, 900]);
  });

  it("excludes the time in which this process was suspended", () => {
    const silence = new Silence(200, 1_000);
    silence.received(1_150);
    assert.equal(silence.beat(1_200), 50);
    assert.equal(silence.beat(6_400), 250);
    silence.received(6_401);
    assert.equal(silence.beat(6_600), 199);
  });

  it("is detected after a suspension, in as many periods as without one", () => {
    const silence = new Silence(200, 0);
    silence.beat(9_000);
    const silent = [9_200, 9_400, 9_600].map((nowMs) => silence.beat(nowMs));
    assert.deepEqual(silent, [400, 600, 800]);
  });
});
