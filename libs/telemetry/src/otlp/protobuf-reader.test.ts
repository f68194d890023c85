import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { messagesAt, numberAt, readFields } from "./protobuf-reader.ts";

describe("the wire format of protobuf", () => {
  it("has varints of up to 64 bits", () => {
    const most = Uint8Array.of(0x08, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01);
    assert.deepEqual(readFields(most), [{ number: 1, wire: "varint", value: 2n ** 64n - 1n }]);
    assert.equal(numberAt(Uint8Array.of(0x08, 0x96, 0x01), 1), 150);
    assert.deepEqual(messagesAt(Uint8Array.of(0x0a, 0x02, 7, 8), 1), [Uint8Array.of(7, 8)]);
  });

  for (const [title, bytes] of [
    // Read as one number, it would take minutes.
    ["a varint without an end", new Uint8Array(1_048_576).fill(0xff)],
    ["a varint of eleven bytes", Uint8Array.of(0x08, ...new Array(10).fill(0x80), 0x01)],
    ["a text that ends early", Uint8Array.of(0x0a, 0x03, 7)],
    ["a length without a text", Uint8Array.of(0x0a, 0xff, 0xff, 0xff, 0xff, 0x7f)],
    ["a number that ends early", Uint8Array.of(0x09, 1, 2, 3)],
    ["more than 100,000 fields", new Uint8Array(400_000).fill(8)],
    ["a group", Uint8Array.of(0x0b)],
  ] as const)
    it(`rejects ${title}`, () => {
      assert.throws(() => readFields(bytes));
    });
});
