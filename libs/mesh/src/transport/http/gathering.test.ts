import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { Gathering } from "./gathering.ts";

describe("bytes that arrive in parts", () => {
  it("are the same for any parts, and change no part", () => {
    const parts = fc.array(fc.uint8Array({ maxLength: 3_000 }), { maxLength: 20 });
    fc.assert(
      fc.property(parts, fc.nat(), (given, some) => {
        const copies = given.map((part) => part.slice());
        const gathered = new Gathering();
        for (const part of given) gathered.add(part);
        const whole = Buffer.concat(copies);
        assert.ok(gathered.bytes.equals(whole));
        const first = whole.length === 0 ? 0 : some % (whole.length + 1);
        const kept = gathered.bytes.subarray(0, first);
        gathered.dropFirst(first);
        gathered.add(Buffer.from("more"));
        assert.ok(kept.equals(whole.subarray(0, first)));
        assert.ok(gathered.bytes.equals(Buffer.concat([whole.subarray(first), Buffer.from("more")])));
        assert.deepEqual(given, copies);
      }),
    );
  });

  it("in single bytes have one buffer", () => {
    const gathered = new Gathering();
    for (let at = 0; at < 100_000; at++) gathered.add(Buffer.of(at % 256));
    assert.equal(gathered.length, 100_000);
    assert.ok(gathered.bytes.buffer.byteLength <= 200_000);
  });
});
