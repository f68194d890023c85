import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { readToken, tokenBytes, writeToken } from "./token.ts";

describe("a token on the wire", () => {
  it("has sixteen bytes that decode to the same values", () => {
    const token = fc.record(
      {
        partition: fc.integer({ min: 0, max: 65_535 }),
        incarnation: fc.integer({ min: 0, max: 2 ** 48 - 1 }),
        number: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
        attempt: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
      },
      { noNullPrototype: true },
    );
    fc.assert(
      fc.property(token, (input) => {
        const bytes = writeToken(input);
        assert.equal(bytes.length, tokenBytes);
        assert.deepEqual(readToken(bytes), input);
      }),
      { seed: 9 },
    );
  });

  it("of any bytes is read without a fault", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        for (const part of Object.values(readToken(bytes))) assert.ok(Number.isInteger(part) && part >= 0);
      }),
      { seed: 10 },
    );
  });
});
