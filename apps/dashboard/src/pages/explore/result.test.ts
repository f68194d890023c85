import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { csvOf, pictureOf } from "./result.ts";
import { exploreSearch } from "./search.ts";

describe("the picture of a query", () => {
  it("has lines over time in its order, with gaps", () => {
    const rows = [
      ["2026-01-31 10:00", 2, "x", null],
      ["2026-01-31 09:00", 1, "y", 5],
    ];
    assert.deepEqual(pictureOf({ columns: ["hour", "runs", "name", "failed"], rows }), {
      kind: "time",
      atSec: [1_769_850_000, 1_769_853_600],
      lines: [
        { name: "runs", values: [1, 2] },
        { name: "failed", values: [5, undefined] },
      ],
    });
  });

  it("has bars of the first number, labelled by the columns before it", () => {
    const rows = [
      ["order", "failed", 3],
      ["order", null, 1],
    ];
    assert.deepEqual(pictureOf({ columns: ["a", "b", "n"], rows }), {
      kind: "bars",
      name: "n",
      bars: [
        { label: "order · failed", value: 3 },
        { label: "order · ", value: 1 },
      ],
    });
  });

  for (const [scenario, rows] of [
    ["a single row", [["a", 1]]],
    [
      "texts alone",
      [
        ["a", "b"],
        ["c", "d"],
      ],
    ],
    [
      "numbers alone",
      [
        [1, 2],
        [3, 4],
      ],
    ],
  ] as const)
    it(`does not exist for ${scenario}`, () => {
      assert.equal(pictureOf({ columns: ["a", "b"], rows }), undefined);
    });
});

describe("the result as CSV", () => {
  it("quotes values that need it, and escapes formulas", () => {
    const rows = [
      ['say "a", b', 1.5, null],
      ["=1+1", -2, "two\nlines"],
    ];
    assert.equal(
      csvOf({ columns: ["a", "b", "c"], rows }),
      'a,b,c\r\n"say ""a"", b",1.5,\r\n\'=1+1,-2,"two\nlines"\r\n',
    );
  });
});

describe("the address of the explore page", () => {
  it("has the query", () => {
    assert.deepEqual(exploreSearch({ sql: "SELECT 1", x: 2 }), { sql: "SELECT 1" });
    assert.deepEqual(exploreSearch({ sql: " " }), {});
  });
});
