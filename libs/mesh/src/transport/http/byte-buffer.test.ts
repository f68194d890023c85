import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ByteBuffer } from "./byte-buffer.ts";

describe("bytes that arrive in parts", () => {
  it("are the same for any parts, and change no part", () => {
    const parts = fc.array(fc.uint8Array({ maxLength: 3_000 }), { maxLength: 20 });
    fc.assert(
      fc.property(parts, fc.nat(), (chunks, some) => {
        const copies = chunks.map((part) => part.slice());
        const gathered = new ByteBuffer();
        for (const part of chunks) gathered.add(part);
        const expected = Buffer.concat(copies);
        assert.ok(gathered.bytes.equals(expected));
        const first = expected.length === 0 ? 0 : some % (expected.length + 1);
        const prefix = gathered.bytes.subarray(0, first);
        gathered.dropFirst(first);
        gathered.add(Buffer.from("more"));
        assert.ok(prefix.equals(expected.subarray(0, first)));
        assert.ok(gathered.bytes.equals(Buffer.concat([expected.subarray(first), Buffer.from("more")])));
        assert.deepEqual(chunks, copies);
      }),
    );
  });

  it("share one buffer if they arrive one by one", () => {
    const gathered = new ByteBuffer();
    for (let at = 0; at < 100_000; at++) gathered.add(Buffer.of(at % 256));
    assert.equal(gathered.length, 100_000);
    assert.ok(gathered.bytes.buffer.byteLength <= 200_000);
  });
});
