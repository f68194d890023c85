import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { lastPlace, searchSteps, splitAt, TextSearch } from "./search.ts";

const letters = (maxLength: number) => fc.string({ unit: fc.constantFrom("a", "b", "é"), maxLength });

describe("a search in a text", () => {
  it("finds the same positions as the platform, for short and long words", () => {
    const long = letters(30).map((word) => `a`.repeat(20) + word);
    fc.assert(
      fc.property(
        fc.array(fc.oneof(letters(10), long), { maxLength: 8 }),
        fc.oneof(letters(5), long),
        fc.nat(80),
        (pieces, pattern, from) => {
          const text = pieces.join(pattern.slice(0, 25));
          const place = Math.min(from, text.length);
          assert.equal(new TextSearch(pattern).first(text, place), text.indexOf(pattern, place));
          assert.equal(lastPlace(text, pattern, place), text.lastIndexOf(pattern, place));
          if (pattern !== "") assert.deepEqual(splitAt(text, pattern), text.split(pattern));
        },
      ),
      { numRuns: 2_000, seed: 4 },
    );
  });

  it("ends quickly on inputs for which the platform would search for minutes", () => {
    const text = "a".repeat(400_000);
    const pattern = `${"a".repeat(100_000)}b${"a".repeat(100_000)}`;
    assert.equal(new TextSearch(pattern).first(text, 0), -1);
    assert.equal(lastPlace(text, pattern, text.length), -1);
    assert.deepEqual(splitAt(text, pattern), [text]);
    assert.ok(searchSteps(text, pattern) > 50_000);
  });
});
