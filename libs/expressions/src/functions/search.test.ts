import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { lastPlace, searchSteps, splitAt, TextSearch } from "./search.ts";

const letters = (maxLength: number) => fc.string({ unit: fc.constantFrom("a", "b", "é"), maxLength });

describe("a search in a text", () => {
  it("finds what the platform finds, for short and for long words", () => {
    const long = letters(30).map((word) => `a`.repeat(20) + word);
    fc.assert(
      fc.property(
        fc.array(fc.oneof(letters(10), long), { maxLength: 8 }),
        fc.oneof(letters(5), long),
        fc.nat(80),
        (pieces, wanted, from) => {
          const text = pieces.join(wanted.slice(0, 25));
          const place = Math.min(from, text.length);
          assert.equal(new TextSearch(wanted).first(text, place), text.indexOf(wanted, place));
          assert.equal(lastPlace(text, wanted, place), text.lastIndexOf(wanted, place));
          if (wanted !== "") assert.deepEqual(splitAt(text, wanted), text.split(wanted));
        },
      ),
      { numRuns: 2_000, seed: 4 },
    );
  });

  it("ends where the platform would search for minutes", () => {
    const text = "a".repeat(400_000);
    const wanted = `${"a".repeat(100_000)}b${"a".repeat(100_000)}`;
    assert.equal(new TextSearch(wanted).first(text, 0), -1);
    assert.equal(lastPlace(text, wanted, text.length), -1);
    assert.deepEqual(splitAt(text, wanted), [text]);
    assert.ok(searchSteps(text, wanted) > 50_000);
  });
});
