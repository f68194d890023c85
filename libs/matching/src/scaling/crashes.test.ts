import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededChance } from "@tutti/kernel/testing";
import { crashAfter } from "./crashes.ts";

describe("a program that exits by itself", () => {
  it("is started again, each time later, and quarantined after too many crashes in a row", () => {
    const chance = seededChance(1);
    const pauses: number[] = [];
    let before = 0;
    for (;;) {
      const { crashes, restartAfterMs } = crashAfter(before, 10, 5, chance);
      before = crashes;
      if (restartAfterMs === undefined) break;
      pauses.push(restartAfterMs);
    }
    assert.equal(before, 5);
    for (const [at, pause] of pauses.entries()) assert.ok(pause <= 500 * 2 ** at && pause >= 250 * 2 ** at);
  });

  it("starts a new row after a long time without a crash", () => {
    assert.deepEqual(crashAfter(4, 60_000, 5, seededChance(1)).crashes, 1);
  });
});
