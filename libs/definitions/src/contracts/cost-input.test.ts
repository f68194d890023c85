import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { costInputIn, costInputOf } from "./cost-input.ts";

describe("the input that a duration depends on", () => {
  const input = { region: "eu", order: { items: [1, 2, 3], express: true }, photos: { a: 1 }, note: null };
  for (const { by, key, count } of [
    { by: [], key: "", count: 0 },
    { by: ["region"], key: "region=eu", count: 0 },
    { by: ["order.items", "photos"], key: "", count: 4 },
    { by: ["order.express", "region", "order.items"], key: "order.express=true region=eu", count: 3 },
    { by: ["note", "none", "region.size", "__proto__", "order.items.length"], key: "", count: 0 },
  ])
    it(`is ${JSON.stringify({ key, count })} by ${JSON.stringify(by)}`, () => {
      assert.deepEqual(costInputOf(by, input), { key, count });
      assert.deepEqual(costInputIn(by, new TextEncoder().encode(JSON.stringify(input))), { key, count });
    });

  it("is empty if the input is not JSON, and a key is one line of 200 characters at most", () => {
    assert.deepEqual(costInputIn(["a"], new TextEncoder().encode("<html>")), { key: "", count: 0 });
    assert.deepEqual(costInputIn(["a"], undefined), { key: "", count: 0 });
    const { key } = costInputOf(["a"], { a: `x\n${"y".repeat(1_000)}` });
    assert.equal(key.length, 200);
    assert.ok(key.startsWith("a=x y"));
  });
});
