import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { crc32c } from "./crc32c.ts";

/** As the definition has it, bit by bit. */
function bitByBit(bytes: Uint8Array): number {
  let crc = ~0;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0x82f63b78 : crc >>> 1;
  }
  return ~crc >>> 0;
}

describe("crc32c", () => {
  for (const [input, sum] of [
    ["", 0],
    ["123456789", 0xe306_9283],
    ["\0".repeat(32), 0x8a91_36aa],
    ["\xff".repeat(32), 0x62a8_ab43],
  ] as const) {
    it(`gives the published ${sum.toString(16)} for ${JSON.stringify(input)}`, () => {
      assert.equal(crc32c(Buffer.from(input, "latin1")), sum);
    });
  }

  it("is what the definition says, for any range of any bytes", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), fc.nat(300), fc.nat(300), (bytes, one, other) => {
        const from = Math.min(one, other, bytes.length);
        const to = Math.min(Math.max(one, other), bytes.length);
        assert.equal(crc32c(bytes, from, to), bitByBit(bytes.subarray(from, to)));
      }),
    );
  });

  it("goes on from a part as if it were one", () => {
    fc.assert(
      fc.property(fc.uint8Array(), fc.uint8Array(), (one, other) => {
        const whole = Uint8Array.from([...one, ...other]);
        assert.equal(crc32c(other, 0, other.length, crc32c(one)), crc32c(whole));
      }),
    );
  });
});
