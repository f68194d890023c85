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
  it("with enough room nothing is cut, and numbers are at the right", () =>
    assert.deepEqual(drawTable(columns, rows, { style, width: Number.POSITIVE_INFINITY }), [
      "run                   state          took  note",
      "order-18-of-the-year  ✓ completed   4.2 s  everything went as it should have gone",
      "b                     ✗ failed     340 ms  ␛[2J",
    ]));

  it("where there is little room, what yields first is cut first", () =>
    assert.deepEqual(drawTable(columns, rows, { style, width: 60 }), [
      "run                   state          took  note",
      "order-18-of-the-year  ✓ completed   4.2 s  everything went …",
      "b                     ✗ failed     340 ms  ␛[2J",
    ]));

  it("where there is less, it goes, and what never yields stays whole", () =>
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

  it("facts without a value are left out", () =>
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
