import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Samples } from "./samples.ts";

const hourMs = 3_600_000;
/** Returns how many ends are sent in this time, if an end of each kind happens at the given interval. */
function sentIn(durationMs: number, kinds: number, everyMs: number): number {
  const samples = new Samples(0);
  let sent = 0;
  for (let nowMs = 0; nowMs < durationMs; nowMs += everyMs)
    for (let kind = 0; kind < kinds; kind++) if (samples.admit(`kind-${kind}`, nowMs)) sent++;
  return sent;
}

describe("how many ends of attempts are sent", () => {
  it("is all for new and rare kinds", () => {
    assert.equal(sentIn(60, 1, 1), 60);
    assert.equal(sentIn(10 * hourMs, 1, 60_000), 600);
  });

  it("is few for frequent kinds, and bounded for all together", () => {
    assert.ok(sentIn(hourMs, 1, 400) <= 60 + 180);
    const sent = sentIn(hourMs, 200, 2_000);
    assert.ok(sent <= 1_000 + 2 * 3_600, `${sent}`);
    assert.ok(sent >= 7_000, `${sent}`);
  });

  it("starts again for kinds that did not occur for long", () => {
    const samples = new Samples(0);
    for (let each = 0; each < 60; each++) assert.ok(samples.admit("one", 0));
    assert.equal(samples.admit("one", 0), false);
    assert.equal(samples.admit("one", 20_000), true);
    for (let other = 0; other < 30_000; other++) samples.admit(`other-${other}`, 30_000);
    assert.equal(samples.admit("one", 30_000 + hourMs), true);
  });
});
