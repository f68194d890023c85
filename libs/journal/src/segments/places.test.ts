import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Places } from "./places.ts";

describe("Places", () => {
  /** Three segments. Partition 1 has nothing in the second. */
  const filled = () => {
    const places = new Places(2);
    places.addSegment(1, 100, Float64Array.of(0, 0));
    for (const [number, offset] of [
      [1, 10],
      [2, 10],
      [3, 20],
    ] as const)
      places.add(0, number, offset);
    places.add(1, 1, 20);
    places.addSegment(2, 100, Float64Array.of(3, 1));
    places.add(0, 4, 10);
    places.addSegment(3, 100, Float64Array.of(4, 1));
    places.add(1, 2, 10);
    places.add(0, 5, 20);
    return places;
  };

  it("returns each group once, starting with the group that contains the number", () => {
    const found = [...filled().from(0, 2)].map(({ segment, offset, number }) => [segment, offset, number]);
    assert.deepEqual(found, [
      [1, 10, 1],
      [1, 20, 3],
      [2, 10, 4],
      [3, 20, 5],
    ]);
    assert.deepEqual(
      [...filled().from(1, 2)].map(({ segment }) => segment),
      [3],
    );
    assert.deepEqual(
      [...filled().from(0, 6)].map(({ number }) => number),
      [5],
    );
  });

  it("drops the oldest segments that are not needed, and never the newest", () => {
    const places = filled();
    const drop = (...cuts: number[]) =>
      places.dropBelow(Float64Array.from(cuts)).map(({ segment }) => segment);
    assert.deepEqual(drop(4, 0), []);
    assert.deepEqual(drop(4, 2), [1]);
    assert.deepEqual([places.first(0), places.first(1)], [4, 2]);
    // Partition 1 has nothing in the second segment and cannot keep it.
    assert.deepEqual(drop(99, 2), [2]);
    assert.deepEqual(drop(99, 99), []);
    assert.deepEqual([places.first(0), places.newest], [5, 3]);
  });

  it("finds the group of any number, as looking at all of them would", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 5 }), { minLength: 1, maxLength: 200 }), (sizes) => {
        const places = new Places(1);
        places.addSegment(1, 100, Float64Array.of(0));
        const offsetOf: number[] = [];
        for (const [group, size] of sizes.entries()) {
          for (let batch = 0; batch < size; batch++) {
            offsetOf.push(group);
            places.add(0, offsetOf.length, group);
          }
        }
        for (const [index, offset] of offsetOf.entries()) {
          assert.equal(places.from(0, index + 1).next().value?.offset, offset);
        }
      }),
    );
  });
});
