import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { idleMsAmong } from "./archiver.ts";

const limits = { loadedSoft: 500, idleMs: 10_000 };

describe("the time that an idle instance stays in memory", () => {
  for (const [loaded, idleMs] of [
    [0, 10_000],
    [500, 10_000],
    [1_000, 2_500],
    [5_000, 500],
    [1_000_000, 500],
  ] as const)
    it(`${loaded} loaded: ${idleMs} ms`, () => assert.equal(idleMsAmong(loaded, limits), idleMs));

  it("a configured limit below the minimum applies", () => {
    assert.equal(idleMsAmong(5_000, { loadedSoft: 500, idleMs: 10 }), 10);
  });
});
