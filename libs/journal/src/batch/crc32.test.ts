import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { crc32 } from "./crc32.ts";

/** The definition, bit by bit. */
function bitByBit(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1;
  }
  return ~crc >>> 0;
}

describe("crc32", () => {
  for (const [input, sum] of [
    ["", 0],
    ["123456789", 0xcbf4_3926],
    ["\0".repeat(32), 0x190a_55ad],
    ["\xff".repeat(32), 0xff6c_ab0b],
  ] as const) {
    it(`returns the published ${sum.toString(16)} for ${JSON.stringify(input)}`, () => {
      assert.equal(crc32(Buffer.from(input, "latin1")), sum);
    });
  }

  it("matches the bitwise definition, for any range of any bytes", () => {
    fc.assert(
      fc.property(
        fc.uint8Array({ maxLength: 600, size: "max" }),
        fc.nat(600),
        fc.nat(600),
        (bytes, one, other) => {
          const from = Math.min(one, other, bytes.length);
          const to = Math.min(Math.max(one, other), bytes.length);
          assert.equal(crc32(bytes, from, to), bitByBit(bytes.subarray(from, to)));
        },
      ),
    );
  });

  it("continues from the checksum of a first part", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (one, other) => {
        const joined = Uint8Array.from([...one, ...other]);
        assert.equal(crc32(other, 0, other.length, crc32(one)), crc32(joined));
      }),
    );
  });
});
