import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { targetOf } from "../testing/targets.ts";
import { pickByAffinity } from "./affinity.ts";

const texts = Array.from({ length: 300 }, (_, index) => `agent-${index}`);

describe("affinity", () => {
  it("sends the same text to the same instance, in any order they are known", () => {
    const targets = ["a", "b", "c"].map((id) => targetOf(id));
    for (const text of texts) {
      const picked = pickByAffinity(targets, text, { nowMs: 0 });
      assert.equal(pickByAffinity(targets.toReversed(), text, { nowMs: 0 }), picked);
    }
  });

  it("spreads texts, and moves only the texts of a removed instance", () => {
    const [one, two, three] = [targetOf("a"), targetOf("b"), targetOf("c")];
    const all = [one, two, three];
    let moved = 0;
    for (const text of texts) {
      const before = pickByAffinity(all, text, { nowMs: 0 });
      const after = pickByAffinity([one, three], text, { nowMs: 0 });
      if (before === two) moved++;
      else assert.equal(after, before);
    }
    assert.ok(moved > 60 && moved < 140, String(moved));
  });

  it("skips draining instances, and uses a tried instance if no other is left", () => {
    const [one, two] = [targetOf("a", { draining: true }), targetOf("b")];
    for (const text of texts) {
      assert.equal(pickByAffinity([one, two], text, { nowMs: 0 }), two);
      // An instance that was tried is better than none.
      assert.equal(pickByAffinity([one, two], text, { nowMs: 0, avoid: [two] }), two);
    }
    assert.equal(pickByAffinity([one], "text", { nowMs: 0 }), undefined);
  });
});
