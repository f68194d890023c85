import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RevisionGate } from "./revision-gate.ts";

describe("RevisionGate", () => {
  it("returns true to waiters for a reported revision, and false for a skipped one", async () => {
    const gate = new RevisionGate();
    const waiting = [3, 4, 5].map((revision) => gate.reached(revision));
    gate.advance(3);
    gate.advance(5);
    assert.deepEqual(await Promise.all(waiting), [true, false, true]);
  });

  it("returns the same to later callers", async () => {
    const gate = new RevisionGate();
    for (const revision of [3, 5]) gate.advance(revision);
    assert.deepEqual(await Promise.all([3, 4, 5].map((revision) => gate.reached(revision))), [
      true,
      false,
      true,
    ]);
  });

  it("treats a revision that is too old to remember as reported", async () => {
    const gate = new RevisionGate();
    for (let revision = 2; revision <= 10_000; revision += 2) gate.advance(revision);
    assert.deepEqual(await Promise.all([2, 3, 9_998, 9_999].map((revision) => gate.reached(revision))), [
      true,
      true,
      true,
      false,
    ]);
  });

  it("rejects waiters when revisions start again, and all callers after it is closed", async () => {
    const gate = new RevisionGate();
    gate.advance(9);
    const before = gate.reached(10);
    gate.restart();
    await assert.rejects(before, { code: "registry.loading" });
    const after = gate.reached(1);
    gate.advance(1);
    assert.equal(await after, true);
    gate.close();
    await assert.rejects(gate.reached(2), { code: "registry.loading" });
  });
});
