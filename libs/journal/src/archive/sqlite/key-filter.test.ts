import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { KeyFilter } from "./key-filter.ts";
import { keyHash } from "./key-hash.ts";

const hashOf = (id: string): number => keyHash({ namespace: "default", kind: "run", id });

describe("the filter of keys", () => {
  it("contains every added key, and few others", () => {
    const filter = new KeyFilter(20_000);
    for (let index = 0; index < 20_000; index++) filter.add(hashOf(`order-${index}`));
    for (let index = 0; index < 20_000; index++) assert.ok(filter.mayHave(hashOf(`order-${index}`)));
    let wrong = 0;
    for (let index = 0; index < 20_000; index++) if (filter.mayHave(hashOf(`other-${index}`))) wrong++;
    assert.ok(wrong < 500, `${wrong} of 20,000`);
    assert.equal(filter.words.byteLength, 25_024);
  });
});

describe("hashes of keys", () => {
  it("differ for keys that are not the same, also when their texts join to the same", () => {
    const ids = Array.from({ length: 50_000 }, (_, index) => `order-${index}`);
    assert.equal(new Set(ids.map(hashOf)).size, ids.length);
    assert.notEqual(
      keyHash({ namespace: "a", kind: "b", id: "c" }),
      keyHash({ namespace: "ab", kind: "", id: "c" }),
    );
    assert.notEqual(hashOf("日本"), hashOf("日本本"));
    assert.ok(Number.isSafeInteger(hashOf("x")));
  });
});
