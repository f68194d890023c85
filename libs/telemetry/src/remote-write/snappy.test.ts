import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { snappyRead } from "../testing/snappy-reader.ts";
import { snappyCompressed } from "./snappy.ts";

const roundTrip = (bytes: Uint8Array) => Buffer.from(snappyRead(snappyCompressed(bytes)));

describe("a block of Snappy", () => {
  it("is decompressed to its input", () => {
    const word = fc.constantFrom("", "a", "job", "tutti_mesh_calls_total", "instance", "0123456789");
    const text = fc.array(word, { maxLength: 2_000 }).map((words) => Buffer.from(words.join("")));
    fc.assert(
      fc.property(fc.oneof(fc.uint8Array({ maxLength: 300 }), text), (bytes) =>
        assert.deepEqual(roundTrip(bytes), Buffer.from(bytes)),
      ),
    );
  });

  it("is decompressed to its input if it is longer than one part", () => {
    const bytes = Buffer.from(
      Array.from({ length: 200_000 }, (_, at) => (at * at) >>> 7)
        .join(" ")
        .slice(0, 200_000),
    );
    assert.deepEqual(roundTrip(bytes), bytes);
  });

  it("is less than a tenth of repeated text, and never much longer than its input", () => {
    const lines = Array.from(
      { length: 2_000 },
      (_, at) => `tutti_mesh_calls_total job tutti instance a ${at % 7}`,
    );
    const repeated = Buffer.from(lines.join());
    assert.ok(snappyCompressed(repeated).length < repeated.length / 10);
    const random = Uint8Array.from({ length: 70_000 }, (_, at) => Math.imul(at + 1, 0x9e3779b1) >>> 24);
    assert.ok(snappyCompressed(random).length < random.length * 1.17 + 32);
  });
});
