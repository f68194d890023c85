import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { pageOf } from "./page.ts";

const itself = (key: string) => key;

describe("pageOf", () => {
  it("gives every entry exactly once over all pages, in order", () => {
    const keys = fc.uniqueArray(fc.string(), { maxLength: 40 }).map((list) => list.toSorted());
    fc.assert(
      fc.property(keys, fc.integer({ min: 1, max: 7 }), (sorted, size) => {
        const seen: string[] = [];
        let token = "";
        do {
          const page = pageOf(sorted.toSorted(byCodeUnits), itself, { size, token });
          assert.ok(page.items.length <= size);
          seen.push(...page.items);
          token = page.nextToken;
        } while (token !== "");
        assert.deepEqual(seen, sorted.toSorted(byCodeUnits));
      }),
    );
  });

  it("goes on after the last key seen when entries came and went between two pages", () => {
    const first = pageOf(["a", "c", "e"], itself, { size: 2, token: "" });
    assert.deepEqual(pageOf(["b", "d", "e"], itself, { size: 2, token: first.nextToken }).items, ["d", "e"]);
  });

  it("gives 100 entries when no size is named, and never more than 1,000", () => {
    const many = Array.from({ length: 2_000 }, (_, index) => String(index).padStart(4, "0"));
    assert.equal(pageOf(many, itself, undefined).items.length, 100);
    assert.equal(pageOf(many, itself, { size: 5_000, token: "" }).items.length, 1_000);
  });

  it("refuses a token that it did not make, naming the field", () => {
    assert.throws(() => pageOf(["a"], itself, { size: 1, token: "nonsense" }), {
      code: "kernel.page_token_invalid",
      status: "INVALID_ARGUMENT",
      violations: [{ field: "page.token", message: "expected a token from the page before, found nonsense" }],
    });
  });
});

const byCodeUnits = (one: string, other: string): number => (one < other ? -1 : Number(one > other));
