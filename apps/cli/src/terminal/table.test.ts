import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { withoutColours as style } from "./style.ts";
import { type Column, drawFacts, drawTable } from "./table.ts";
import { widthOf } from "./text.ts";

const columns: readonly Column[] = [
  { title: "run", widthMin: 8, yields: 1 },
  { title: "state" },
  { title: "took", align: "right", yields: 2 },
  { title: "note", yields: 3, widthMin: 6 },
];
const rows = [
  ["order-18-of-the-year", "✓ completed", "4.2 s", "everything went as it should have gone"],
  ["b", "✗ failed", "340 ms", "\u001b[2J"],
];

describe("tables", () => {
  it("cut no cell if the width suffices, and align numbers to the right", () =>
    assert.deepEqual(drawTable(columns, rows, { style, width: Number.POSITIVE_INFINITY }), [
      "run                   state          took  note",
      "order-18-of-the-year  ✓ completed   4.2 s  everything went as it should have gone",
      "b                     ✗ failed     340 ms  ␛[2J",
    ]));

  it("cut the column that yields first if the width is too small", () =>
    assert.deepEqual(drawTable(columns, rows, { style, width: 60 }), [
      "run                   state          took  note",
      "order-18-of-the-year  ✓ completed   4.2 s  everything went …",
      "b                     ✗ failed     340 ms  ␛[2J",
    ]));

  it("drop that column at a smaller width, and never cut a column that does not yield", () =>
    assert.deepEqual(drawTable(columns, rows, { style, width: 24 }), [
      "run          state",
      "order-18-o…  ✓ completed",
      "b            ✗ failed",
    ]));

  it("at any width no line is wider", () => {
    for (let width = 16; width < 90; width++)
      for (const line of drawTable(columns, rows, { style, width }))
        assert.ok(widthOf(line) <= width, `${width}: ${line}`);
  });

  it("omit facts without a value", () =>
    assert.deepEqual(
      drawFacts(
        [
          ["started", "now"],
          ["by", undefined],
          ["id", ""],
          ["a", { text: "b", tone: "dim" }],
        ],
        { style, width: 40 },
      ),
      ["started  now", "a        b"],
    ));
});
