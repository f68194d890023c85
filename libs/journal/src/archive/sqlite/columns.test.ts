import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { countOf, decodeColumn, encodeColumns } from "./columns.ts";

// Without -0, which is not equal to 0 in comparisons.
const double = fc.double({ noNaN: true }).map((number) => number + 0);
const value = fc.oneof(fc.nat(300), fc.nat(), fc.maxSafeNat(), double);

describe("columns of numbers", () => {
  it("decode to the encoded values, in any range", () => {
    fc.assert(
      fc.property(
        fc.nat(20),
        fc.infiniteStream(value),
        fc.integer({ min: 1, max: 4 }),
        (count, stream, width) => {
          const values = stream[Symbol.iterator]();
          const columns = Array.from({ length: width }, () =>
            Float64Array.from({ length: count }, () => Number(values.next().value)),
          );
          const encoded = encodeColumns(columns);
          assert.equal(countOf(encoded), count);
          for (const [index, column] of columns.entries()) {
            assert.deepEqual(decodeColumn(encoded, index), column);
            assert.deepEqual(decodeColumn(encoded, index, new Float64Array(64)), column);
          }
        },
      ),
    );
  });

  it("need almost no space if all values are the same, and one byte per value if they are close", () => {
    const same = new Float64Array(1_000).fill(1_767_225_600_000);
    const close = Float64Array.from({ length: 1_000 }, (_, index) => 1_767_225_600_000 + (index % 200));
    assert.ok(encodeColumns([same]).length < 40);
    assert.ok(encodeColumns([close]).length < 1_050);
  });
});
