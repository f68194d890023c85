import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Places } from "./places.ts";

describe("Places", () => {
  it("finds the nearest batch with records at or before a number", () => {
    const entry = fc.record({ gap: fc.nat({ max: 3 }), skipped: fc.nat({ max: 1 }), seal: fc.boolean() });
    fc.assert(
      fc.property(fc.array(entry, { maxLength: 60 }), fc.nat({ max: 80 }), (entries, number) => {
        const places = new Places();
        const known: { number: number; sequence: number; seal: boolean }[] = [];
        let at = { number: 1, sequence: 1 };
        for (const { gap, skipped, seal } of entries) {
          known.push({ ...at, seal });
          places.add(at.number, at.sequence, seal);
          at = { number: at.number + 1 + skipped, sequence: at.sequence + 1 + skipped + gap };
        }
        const expected = known.findLast((place) => place.number <= number && !place.seal);
        const found = places.upTo(number);
        assert.deepEqual(found, expected && { number: expected.number, sequence: expected.sequence });
      }),
    );
  });

  it("knows whether it knows all between two numbers", () => {
    const places = new Places();
    for (const [number, sequence] of [
      [1, 1],
      [2, 2],
      [3, 9],
      [6, 20],
      [7, 21],
    ] as const) {
      places.add(number, sequence, number === 3);
    }
    assert.deepEqual(
      [places.covers(1, 3), places.covers(2, 4), places.covers(6, 7), places.covers(5, 6)],
      [true, false, true, false],
    );
  });

  it("forgets deleted batches, and the oldest ones beyond its capacity", () => {
    const places = new Places();
    for (let number = 1; number <= 20; number++) places.add(number, number * 2, false);
    places.drop(15);
    assert.equal(places.upTo(14), undefined);
    assert.deepEqual(places.upTo(15), { number: 15, sequence: 30 });
    for (let number = 21; number <= 10_000; number++) places.add(number, number * 2, false);
    assert.equal(places.upTo(20), undefined);
    assert.deepEqual(places.upTo(10_000), { number: 10_000, sequence: 20_000 });
  });
});
