import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { ByteSink, ByteSource } from "./byte-sink.ts";
import { ChunkWriter, eventsOf, prefixOf, recordOf } from "./chunk.ts";

const bytes = fc.uint8Array({ maxLength: 100 });
const event = fc.record({
  skipped: fc.nat(3),
  batches: fc.maxSafeNat().map((number) => number % 2 ** 40),
  index: fc.nat(),
  laterMs: fc.nat(),
  body: bytes,
  cause: fc.uint8Array({ minLength: 1, maxLength: 60 }),
  isOwn: fc.boolean(),
});

describe("a chunk of history", () => {
  it("returns each record with its position, its time and its own cause", () => {
    fc.assert(
      fc.property(bytes, fc.array(event, { maxLength: 20 }), (prefix, all) => {
        const sink = new ByteSink();
        const writer = new ChunkWriter(sink);
        writer.startChunk(prefix);
        const at = { event: 0, batch: 0, timeMs: 0 };
        const expected = all.map(({ skipped, batches, index, laterMs, body, cause, isOwn }) => {
          at.event += skipped + 1;
          at.batch += batches;
          at.timeMs += laterMs;
          // A record with its cause in the middle, as encoders write it. Or without, if an earlier one has the same
          // cause.
          const half = body.length >> 1;
          const own = Buffer.concat([prefix, body.subarray(0, half), cause, body.subarray(half)]);
          const causeStart = prefix.length + half;
          writer.add({
            ...at,
            index,
            bytes: isOwn ? own : Buffer.concat([prefix, body]),
            keyEnd: prefix.length,
            end: prefix.length + body.length + (isOwn ? cause.length : 0),
            causeStart: isOwn ? causeStart : 0,
            causeEnd: isOwn ? causeStart + cause.length : 0,
            cause,
            sharedStart: 0,
            sharedEnd: cause.length,
          });
          const record = Uint8Array.from(Buffer.concat([prefix, body, cause]));
          const { batch } = at;
          return { event: at.event, timeMs: at.timeMs, place: { batch, index }, record };
        });
        const chunk = sink.copy();
        assert.deepEqual(
          [...eventsOf(chunk)].map((plainEvent) => recordOf(prefixOf(chunk), plainEvent)),
          expected,
        );
      }),
    );
  });
});

describe("a sequence of numbers and bytes", () => {
  it("is read as it was written, from a number of one byte to the largest", () => {
    fc.assert(
      fc.property(fc.array(fc.oneof(fc.nat(200), fc.maxSafeNat())), bytes, (numbers, some) => {
        const sink = new ByteSink();
        for (const number of numbers) sink.number(number);
        sink.bytes(some);
        const source = new ByteSource(sink.copy());
        for (const number of numbers) assert.equal(source.number(), number);
        assert.deepEqual(source.view(), some);
      }),
    );
  });
});
