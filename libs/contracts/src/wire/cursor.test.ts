import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Cursor } from "./cursor.ts";
import { FlatWriter } from "./flat-writer.ts";

const uint32 = fc.oneof(fc.nat(300), fc.integer({ min: 0, max: 0xffff_ffff }));
const text = fc.oneof(fc.string({ maxLength: 40 }), fc.string({ unit: "grapheme", maxLength: 40 }));

/** How a field is written, and how it is read again. */
const field = fc.oneof(
  uint32.map((value) => ({
    value,
    write: (to: FlatWriter) => to.uint32(value),
    read: (from: Cursor): unknown => from.uint32(),
  })),
  fc.double().map((value) => ({
    value,
    write: (to: FlatWriter) => to.double(value),
    read: (from: Cursor): unknown => from.double(),
  })),
  text.map((value) => ({
    value,
    write: (to: FlatWriter) => to.string(value),
    read: (from: Cursor): unknown => from.string(),
  })),
  fc.uint8Array({ maxLength: 300 }).map((value) => ({
    value,
    write: (to: FlatWriter) => to.bytes(value),
    read: (from: Cursor): unknown => Uint8Array.from(from.view()),
  })),
);

describe("Cursor", () => {
  it("reads the values that a writer wrote, also in the middle of a larger buffer", () => {
    fc.assert(
      fc.property(fc.array(field), (fields) => {
        const writer = new FlatWriter(1);
        for (const { write } of fields) write(writer);
        const cursor = new Cursor(Buffer.concat([Buffer.alloc(3, 0xff), writer.written()]).subarray(3));
        for (const { value, read } of fields) assert.deepEqual(read(cursor), value);
        assert.equal(cursor.at, cursor.end);
      }),
    );
  });

  it("refuses a value that is cut off anywhere", () => {
    fc.assert(
      fc.property(field, ({ write, read }) => {
        const writer = new FlatWriter();
        write(writer);
        for (let length = 0; length < writer.position; length++) {
          assert.throws(() => read(new Cursor(writer.memory.slice(0, length))), RangeError);
        }
      }),
    );
  });

  it("returns views, not copies", () => {
    const bytes = new FlatWriter().bytes(Uint8Array.of(1, 2, 3)).finish();
    const view = new Cursor(bytes).view();
    bytes[1] = 9;
    assert.deepEqual([...view], [9, 2, 3]);
  });

  it("refuses a string that is not UTF-8, short and long", () => {
    for (const length of [1, 100])
      assert.throws(
        () => new Cursor(new FlatWriter().bytes(new Uint8Array(length).fill(0xff)).written()).string(),
        TypeError,
      );
  });

  it("keeps a byte order mark, and reads 32 bits of a longer number", () => {
    assert.equal(new Cursor(new FlatWriter().string("\ufeffmarked").written()).string(), "\ufeffmarked");
    assert.equal(new Cursor(new FlatWriter().int32(-1).written()).uint32(), 0xffff_ffff);
    assert.throws(() => new Cursor(new Uint8Array(11).fill(0x80)).uint32(), /expected the end of a number/);
  });
});
