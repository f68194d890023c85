import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { idOfKey, stableHash } from "./stable-hash.ts";

describe("the stable hash", () => {
  it("never changes, because it decides the place of stored data", () => {
    const golden: readonly (readonly [readonly string[], number])[] = [
      [[""], 3099819549],
      [["default", "run", "r1"], 3484468566],
      [["default", "run", "run_01jd000000000000000000000"], 2517681557],
      [["team-a", "session", "häß"], 1495581861],
      [["a", "b"], 2219647390],
      [["ünï", "x", "😀"], 2419118304],
    ];
    for (const [texts, expected] of golden) assert.equal(stableHash(...texts), expected, texts.join());
  });

  it("distinguishes the boundaries between texts", () => {
    assert.notEqual(stableHash("ab", "c"), stableHash("a", "bc"));
    assert.notEqual(stableHash("a", ""), stableHash("", "a"));
  });

  it("spreads ids that differ little evenly over few places", () => {
    const counts = Array(16).fill(0);
    for (let id = 0; id < 16_000; id++) counts[stableHash("default", "run", `run_${id}`) % 16]++;
    for (const count of counts) assert.ok(count > 850 && count < 1_150, `${counts}`);
  });

  it("turns any key into an id, and keeps a key that has the form of an id", () => {
    assert.equal(idOfKey("customer-7"), "customer-7");
    assert.equal(idOfKey("their api"), "key.frb1wtl2ijli7jkkak");
    assert.notEqual(idOfKey("a b"), idOfKey("a  b"));
  });
});
