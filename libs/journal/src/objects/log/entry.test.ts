import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { type Entry, encodeEntry, entryKinds, readEntry } from "./entry.ts";

const number = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const entries: fc.Arbitrary<Entry> = fc.record({
  kind: fc.constantFrom(entryKinds.opening, entryKinds.operations, entryKinds.stored, entryKinds.base),
  sequence: number,
  epoch: number,
  owner: number,
  base: number,
  baseBytes: number,
  tailBytes: number,
  previous: fc.uint8Array({ minLength: 32, maxLength: 32 }),
  body: fc.uint8Array({ maxLength: 100 }),
});

describe("an entry of an archive's log", () => {
  it("is read as it was written", () => {
    fc.assert(
      fc.property(entries, (entry) => {
        assert.deepEqual(readEntry(encodeEntry(entry), entry.sequence), { ...entry });
      }),
    );
  });

  it("is damaged if a bit is flipped, if it is truncated, or if its position differs", () => {
    fc.assert(
      fc.property(entries, fc.nat(), fc.nat({ max: 7 }), (entry, place, bit) => {
        const message = encodeEntry(entry);
        assert.equal(readEntry(message.subarray(0, place % message.length), entry.sequence).kind, "damaged");
        assert.equal(readEntry(message, entry.sequence + 1).kind, "damaged");
        const at = place % message.length;
        message[at] = (message[at] ?? 0) ^ (1 << bit);
        assert.equal(readEntry(message, entry.sequence).kind, "damaged");
      }),
    );
  });
});
