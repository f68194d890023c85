import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { descending, type PagedList, pageOf } from "./page.ts";

const letters: PagedList<string> = { list: ["letters"], keyOf: (key) => key };

describe("pageOf", () => {
  it("returns every entry exactly once over all pages, in order", () => {
    const keys = fc.uniqueArray(fc.string(), { maxLength: 40 }).map((list) => list.toSorted());
    fc.assert(
      fc.property(keys, fc.integer({ min: 1, max: 7 }), (sorted, size) => {
        const seen: string[] = [];
        let token = "";
        do {
          const page = pageOf(sorted.toSorted(byCodeUnits), letters, { size, token });
          assert.ok(page.items.length <= size);
          seen.push(...page.items);
          token = page.nextToken;
        } while (token !== "");
        assert.deepEqual(seen, sorted.toSorted(byCodeUnits));
      }),
    );
  });

  it("continues after the last key if entries are added or removed between two pages", () => {
    const first = pageOf(["a", "c", "e"], letters, { size: 2, token: "" });
    assert.deepEqual(pageOf(["b", "d", "e"], letters, { size: 2, token: first.nextToken }).items, ["d", "e"]);
  });

  it("returns 100 entries without a size, and at most 1,000", () => {
    const many = Array.from({ length: 2_000 }, (_, index) => String(index).padStart(4, "0"));
    assert.equal(pageOf(many, letters, undefined).items.length, 100);
    assert.equal(pageOf(many, letters, { size: 5_000, token: "" }).items.length, 1_000);
  });

  it("ends a page before it exceeds the size of a message, with at least one entry", () => {
    const heavy: PagedList<string> = { ...letters, weightOf: (key) => (key === "c" ? 9 : 1) * 1_048_576 };
    const pages: (readonly string[])[] = [];
    let token = "";
    do {
      const page = pageOf(["a", "b", "c", "d", "e", "f", "g", "h"], heavy, { size: 0, token });
      pages.push(page.items);
      token = page.nextToken;
    } while (token !== "");
    assert.deepEqual(pages, [["a", "b"], ["c"], ["d", "e", "f", "g"], ["h"]]);
  });

  it("refuses a token that it did not issue, and names the field", () => {
    assert.throws(() => pageOf(["a"], letters, { size: 1, token: "nonsense" }), {
      code: "kernel.page_token_invalid",
      status: "INVALID_ARGUMENT",
      violations: [
        {
          field: "page.token",
          message: "expected a token from the page before, of this list with these conditions, got nonsense",
        },
      ],
    });
  });

  it("refuses the token of another list, or of the same list under other conditions", () => {
    const of = (conditions: Record<string, unknown>): PagedList<string> => ({
      list: ["letters", conditions],
      keyOf: (key) => key,
    });
    const { nextToken: token } = pageOf(["a", "b"], of({ color: "red" }), { size: 1, token: "" });
    assert.deepEqual(pageOf(["a", "b"], of({ color: "red" }), { size: 1, token }).items, ["b"]);
    for (const list of [of({ color: "blue" }), letters]) {
      assert.throws(() => pageOf(["a", "b"], list, { size: 1, token }), {
        code: "kernel.page_token_invalid",
      });
    }
  });
});

const byCodeUnits = (one: string, other: string): number => (one < other ? -1 : Number(one > other));

describe("a key of greater numbers first", () => {
  it("sorts as text, also numbers of bytes", () => {
    const numbers = [0, 1, 2, 999, 1e6, 1e9, 8e12, 64e12, 1e300];
    const sorted = numbers.toSorted((one, other) => (descending(one) < descending(other) ? -1 : 1));
    assert.deepEqual(sorted, numbers.toReversed());
  });
});
