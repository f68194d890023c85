import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Batch, BatchHeader } from "@tutti/contracts/runtime/v1";
import fc from "fast-check";
import { HeaderEncoder, hashBeforeChecksum, readHeader } from "./header.ts";

const number = fc.integer({ min: 1, max: 2 ** 53 - 1 });
const header = fc.record({
  service: fc.stringMatching(/^[a-z][a-z0-9-]{0,62}$/),
  partition: fc.oneof(fc.nat(20), fc.nat(0xffff_ffff)),
  epoch: number,
  number: fc.oneof(fc.constant(1), number),
  timeMs: fc.oneof(number, fc.double({ min: 0.001, max: 1e15, noNaN: true })),
  behaviour: fc.oneof(fc.nat(3), fc.nat(0xffff_ffff)),
  seal: fc.boolean(),
  checksum: fc.integer({ min: 1, max: 0xffff_ffff }),
  hash: fc.uint8Array({ minLength: 32, maxLength: 32 }),
});
type HeaderInput = typeof header extends fc.Arbitrary<infer H> ? H : never;

/** Like the journal: the template first, checksum and hash later. */
function written({ service, partition, checksum, hash, ...fields }: HeaderInput): Uint8Array {
  const encoder = new HeaderEncoder(service, partition);
  const bytes = new Uint8Array(encoder.places(fields).headerBytes);
  const view = new DataView(bytes.buffer);
  const { checksumAt } = encoder.write(bytes, view, 0, fields);
  view.setUint32(checksumAt, checksum, true);
  if (fields.number > 1) bytes.set(hash, checksumAt - hashBeforeChecksum);
  return bytes;
}

function contract({ hash, ...fields }: HeaderInput): BatchHeader {
  return { ...fields, previousHash: fields.number > 1 ? hash : new Uint8Array() };
}

describe("header of a batch", () => {
  it("equals the output of the generated code, byte for byte", () => {
    fc.assert(
      fc.property(header, (input) => {
        const generated = Batch.encode({ header: contract(input), records: [] }).finish();
        assert.deepEqual(Buffer.from(written(input)), Buffer.from(generated));
      }),
    );
  });

  it("is read back as it was, regardless of the caller that wrote it", () => {
    fc.assert(
      fc.property(header, (input) => {
        const batch = Buffer.concat([written(input), Buffer.from("the records")]);
        const { headerBytes, ...read } = readHeader(batch) ?? assert.fail("it is a header");
        assert.deepEqual({ ...read, previousHash: Uint8Array.from(read.previousHash) }, contract(input));
        assert.equal(batch.subarray(headerBytes).toString(), "the records");
      }),
    );
  });

  it("is decoded by the generated code, also if numbers are 0", () => {
    const fields = { epoch: 0, number: 1, timeMs: 0, behaviour: 0, seal: false };
    const input = { service: "a", partition: 0, checksum: 0, hash: new Uint8Array(32), ...fields };
    const { header: read } = Batch.decode(written(input));
    assert.deepEqual(read, BatchHeader.fromPartial({ service: "a", number: 1 }));
  });

  it("is not found in bytes that are none, and never read beyond their end", () => {
    fc.assert(
      fc.property(header, fc.nat(), fc.uint8Array({ maxLength: 80 }), (input, length, noise) => {
        const bytes = written(input);
        assert.equal(readHeader(bytes.subarray(0, length % bytes.length)), undefined);
        const read = readHeader(noise);
        assert.ok(read === undefined || read.headerBytes <= noise.length);
      }),
    );
  });

  it("rejects an empty service name, and one that is too long", () => {
    for (const service of ["", "x".repeat(64)]) {
      assert.throws(() => new HeaderEncoder(service, 0), /expected a service's name of 1 to 63 bytes/);
    }
  });
});
