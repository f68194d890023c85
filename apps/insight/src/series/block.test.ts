import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { packed, rounded, unpacked } from "./block.ts";

const bytesOf = (values: readonly number[]) => packed(Float64Array.from(values)).length;
const roundTrip = (values: readonly number[]) => [...unpacked(packed(Float64Array.from(values)))];

describe("a block of values", () => {
  it("returns the packed values", () => {
    const value = fc.oneof(
      fc.constant(Number.NaN),
      fc.integer(),
      fc.maxSafeInteger(),
      fc.double({ noNaN: true }),
      fc.double({ noNaN: true, min: -1_000, max: 1_000 }).map(rounded),
      fc.constantFrom(0, -0, 1, 5e-324, 1e308),
    );
    fc.assert(
      fc.property(fc.array(value, { maxLength: 400 }), (values) =>
        assert.deepEqual(roundTrip(values), values),
      ),
    );
  });

  it("takes few bytes for repeated values, however many", () => {
    assert.ok(bytesOf(new Array(360).fill(7.5)) <= 10);
    assert.ok(bytesOf(new Array(360).fill(Number.NaN)) <= 10);
  });

  it("takes one byte per small difference of numbers with a common factor", () => {
    const pages = Array.from({ length: 360 }, (_, at) => 50_000_000 * 4_096 + ((at * 7) % 19) * 4_096);
    assert.ok(bytesOf(pages) <= 380);
    const rates = Array.from({ length: 360 }, (_, at) => ((at * 7) % 19) / 10);
    assert.ok(bytesOf(rates) <= 375);
  });

  it("is refused if it ends too early", () => {
    const bytes = packed(Float64Array.from([1, 2, 3]));
    for (let end = 0; end < bytes.length; end++)
      assert.throws(() => unpacked(bytes.subarray(0, end)), RangeError);
  });

  it("keeps whole numbers exactly, and rounds others to four digits", () => {
    assert.equal(rounded(123_456_789), 123_456_789);
    assert.equal(rounded(0.001_234_56), 0.001_235);
    assert.equal(rounded(98_765.432), 98_770);
    assert.ok(Number.isNaN(rounded(Number.POSITIVE_INFINITY)));
  });
});
