import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { type Evictable, evictableOf, leastWorth, usageOf } from "./eviction.ts";

const nowMs = 100 * 60_000;
const plain = { bytes: 1_000, computeMs: 1_000, storeMs: nowMs - 10 * 60_000, uses: 0, useMs: 0 };
const entry = (id: string, more: Partial<Evictable> = {}): Evictable => ({ id, ...plain, ...more });
const evicted = (entries: readonly Evictable[], bytesMax: number) =>
  leastWorth(entries, bytesMax, nowMs).map(({ id }) => id);

describe("eviction from a full cache", () => {
  it("removes nothing while the outputs fit", () => {
    assert.deepEqual(evicted([entry("a"), entry("b")], 2_000), []);
    assert.deepEqual(evicted([], 0), []);
  });

  it("removes first outputs that are cheap to compute, rarely or not recently used, or large", () => {
    const others: readonly [string, Partial<Evictable>][] = [
      ["cheap", { computeMs: 10 }],
      ["large", { bytes: 50_000 }],
      ["unused", { storeMs: nowMs - 90 * 60_000 }],
      ["no longer used", { storeMs: nowMs - 99 * 60_000, uses: 30, useMs: nowMs - 60 * 60_000 }],
    ];
    for (const [id, more] of others) {
      const all = [entry("kept"), entry(id, more), entry("kept too")];
      assert.deepEqual(evicted(all, 2_000), [id]);
    }
    const used = entry("used", { storeMs: nowMs - 90 * 60_000, uses: 40, useMs: nowMs - 60_000 });
    assert.deepEqual(evicted([used, entry("unused")], 1_000), ["unused"]);
  });

  it("removes only as many outputs as needed", () => {
    const all = [4, 2, 3, 1].map((computeMs) => entry(`${computeMs}`, { computeMs }));
    assert.deepEqual(evicted(all, 2_000), ["1", "2"]);
    assert.deepEqual(evicted(all, 0), ["1", "2", "3", "4"]);
  });

  it("sums up the size, the use and the saved time of outputs", () => {
    const entries = [entry("a", { uses: 3, computeMs: 10 }), entry("b", { uses: 3, computeMs: 100 })];
    const summed = { outputs: 2, bytes: 2_000, uses: 6, hitRate: 0.75, savedMs: 330 };
    assert.deepEqual(usageOf(entries), summed);
    assert.equal(usageOf([]).hitRate, 0);
  });

  it("reads labels, and skips an entry whose output is still being computed", () => {
    assert.equal(evictableOf("e", { capability: "rates.load" }), undefined);
    const labels = { bytes: "10", computeMs: "5", storeMs: "7", uses: "2", useMs: "9" };
    assert.deepEqual(evictableOf("e", labels), {
      ...{ id: "e", bytes: 1_034, computeMs: 5, storeMs: 7, uses: 2, useMs: 9 },
    });
  });
});
