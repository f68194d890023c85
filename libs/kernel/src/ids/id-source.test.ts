import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { Chance } from "../ports/chance.ts";
import { seededChance } from "../testing/seeded-chance.ts";
import { isId, kindOf, parseId, printId, timeMax, timeOf } from "./id.ts";
import { IdSource } from "./id-source.ts";

const fixedChance = (...bytes: number[]): Chance => ({
  random: () => 0,
  fill: (target) => {
    target.set(bytes);
    return target;
  },
});

/** Reads the given times one by one, then the last one for ever. */
function clockOf(...timesMs: number[]) {
  let reading = 0;
  return { now: () => timesMs[Math.min(reading++, timesMs.length - 1)] ?? 0, monotonic: () => 0 };
}

const anyTime = fc.integer({ min: 0, max: 2 ** 41 });

describe("an id source", () => {
  it("prints time and chance as a ULID in lower case", () => {
    // These ten bytes are the digits 0 to f in fives of bits.
    const chance = fixedChance(0x00, 0x44, 0x32, 0x14, 0xc7, 0x42, 0x54, 0xb6, 0x35, 0xcf);
    const ids = new IdSource({ clock: clockOf(0x0123456789ab), chance });
    assert.equal(ids.newId("run"), "run_014d2pf2db0123456789abcdef");
    assert.equal(new IdSource({ clock: clockOf(timeMax), chance }).newId("x").slice(2, 12), "7zzzzzzzzz");
    assert.equal(new IdSource({ clock: clockOf(0), chance }).newId("x").slice(2, 12), "0000000000");
  });

  function digits(chance: Chance): string {
    const bits = [...chance.fill(new Uint8Array(10))]
      .map((byte) => byte.toString(2).padStart(8, "0"))
      .join("");
    const fives = bits.match(/.{5}/g) ?? [];
    return fives.map((five) => "0123456789abcdefghjkmnpqrstvwxyz".charAt(Number.parseInt(five, 2))).join("");
  }

  it("spells any 80 random bits digit by digit", () => {
    fc.assert(
      fc.property(fc.uint8Array({ minLength: 10, maxLength: 10 }), (bytes) => {
        const chance = fixedChance(...bytes);
        return new IdSource({ clock: clockOf(1), chance }).newId("k").slice(12) === digits(chance);
      }),
    );
  });

  it("creates unique ids that sort in order of creation, for any clock", () => {
    fc.assert(
      fc.property(fc.array(anyTime, { minLength: 1, maxLength: 50 }), fc.integer(), (timesMs, seed) => {
        const ids = new IdSource({ clock: clockOf(...timesMs), chance: seededChance(seed) });
        const generated = timesMs.map(() => ids.newId("run"));
        assert.deepEqual(generated.toSorted(), generated);
        assert.equal(new Set(generated).size, generated.length);
      }),
    );
  });

  it("uses the time of the clock, and the latest time if the clock goes back", () => {
    const ids = new IdSource({ clock: clockOf(1_000, 5_000.9, 2_000, 5_001), chance: seededChance(1) });
    assert.deepEqual(
      [1, 2, 3, 4].map(() => timeOf(ids.newId("run"))),
      [1_000, 5_000, 5_000, 5_001],
    );
  });

  const full = 0xff;
  const carries: readonly [string, number[], string][] = [
    ["into the middle bits", [0, 0, 0, 0, 0, 0, 0, 0x0f, full, full], "0000000000010000"],
    ["into the upper bits", [0, 0, 0, 0, 0, full, full, full, full, full], "0000000100000000"],
    ["beside set bits", [0, 0, 0, 0, 1, 0, 0, 0x1f, full, full], "0000000100020000"],
  ];
  for (const [title, bytes, after] of carries) {
    it(`carries ${title} when it counts up within a millisecond`, () => {
      const ids = new IdSource({ clock: clockOf(7), chance: fixedChance(...bytes) });
      const first = ids.newId("run");
      const second = ids.newId("run");
      assert.equal(second.slice(14), after);
      assert.ok(second > first);
    });
  }

  it("borrows the next millisecond when the random bits are used up", () => {
    const ids = new IdSource({ clock: clockOf(7), chance: fixedChance(...Array<number>(10).fill(full)) });
    const first = ids.newId("run");
    const second = ids.newId("run");
    assert.equal(timeOf(second), 8);
    assert.ok(second > first);
  });

  it("keeps many ids of one millisecond unique and in order", () => {
    const ids = new IdSource({ clock: clockOf(1), chance: seededChance(3) });
    let last = "";
    for (let count = 0; count < 20_000; count++) {
      const id = ids.newId("task");
      if (id <= last) assert.fail(`${id} sorts before ${last}`);
      last = id;
    }
  });

  for (const kind of ["", "Run", "a-b", "_a", "a_", "a__b", "1a", "x".repeat(61)]) {
    it(`refuses the kind "${kind.slice(0, 10)}"`, () => {
      const ids = new IdSource({ clock: clockOf(1), chance: seededChance(1) });
      assert.throws(() => ids.newId(kind), /the kind of an id is a lower-case noun/);
    });
  }

  for (const [title, timeMs] of Object.entries({
    "before 1970": -5,
    "after 10889": timeMax + 1,
    "that is none": Number.NaN,
  })) {
    it(`refuses a time ${title}`, () => {
      const ids = new IdSource({ clock: clockOf(timeMs), chance: seededChance(1) });
      assert.throws(() => ids.newId("run"), /the clock shows a time/);
    });
  }
});

describe("an id", () => {
  const anyKind = fc.stringMatching(/^[a-z][a-z0-9]{0,5}(_[a-z0-9]{1,5})?$/);

  it("is parsed and printed to the same text", () => {
    fc.assert(
      fc.property(anyKind, anyTime, fc.integer(), (kind, timeMs, seed) => {
        const id = new IdSource({ clock: clockOf(timeMs), chance: seededChance(seed) }).newId(kind);
        const parts = parseId(id);
        assert.ok(parts !== undefined);
        assert.equal(printId(parts), id);
        assert.deepEqual([kindOf(id), timeOf(id)], [kind, timeMs]);
        assert.ok(isId(id) && isId(id, kind) && !isId(id, `${kind}x`));
      }),
    );
  });

  const ulid = "01j9z3k5p8qv2m4n6r7s8t9w0x";
  for (const text of [
    "",
    "run",
    ulid,
    `_${ulid}`,
    `run_${ulid}0`,
    `run_${ulid.slice(1)}`,
    `Run_${ulid}`,
    `run_${ulid.toUpperCase()}`,
    `run_8${ulid.slice(1)}`,
    `run_${ulid.slice(1)}u`,
    `run_${ulid}\n`,
    "order-4711",
  ]) {
    it(`is not ${JSON.stringify(text)}`, () => {
      assert.deepEqual(
        [parseId(text), kindOf(text), timeOf(text), isId(text)],
        [undefined, undefined, undefined, false],
      );
    });
  }
});
