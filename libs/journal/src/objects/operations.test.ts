import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import type { IndexEntry } from "../archive/port.ts";
import { encodeChanges } from "../archive/sqlite/encode.ts";
import { decodeOperations, encodeOperations, type Operation } from "./operations.ts";

const number = fc.nat({ max: Number.MAX_SAFE_INTEGER });
const bytes = fc.uint8Array({ maxLength: 200 });
const text = fc.string({ maxLength: 30, unit: "binary" });
const key = fc.record({ namespace: text, kind: text, id: text });

const entry: fc.Arbitrary<IndexEntry> = fc.record({
  key,
  incarnation: number,
  // The cast: any number may have been a status when it was written.
  status: fc.nat({ max: 20 }) as fc.Arbitrary<IndexEntry["status"]>,
  definition: text,
  labels: fc.dictionary(text, text, { maxKeys: 3 }),
  startMs: number,
  endMs: fc.double({ noNaN: true }),
  events: number,
  last: fc.record({ batch: number, index: number }),
  startedBy: bytes,
  keepUntilMs: fc.double({ noNaN: true }),
  idKeptUntilMs: number,
});

const commit: fc.Arbitrary<Operation> = fc
  .record({
    coveredTo: number,
    partitionSnapshot: fc.option(bytes, { nil: undefined }),
    entries: fc.array(entry, { maxLength: 5 }),
    snapshots: fc.array(
      fc.record({
        key,
        incarnation: number,
        snapshot: bytes,
        dueMs: fc.double({ noNaN: true }),
        outstanding: fc.boolean(),
      }),
      { maxLength: 5 },
    ),
  })
  .map((changes) => ({ kind: "commit", changes: encodeChanges(changes) }));

const pack: fc.Arbitrary<Operation> = fc
  .array(
    fc.record({
      number,
      epoch: number,
      timeMs: fc.double({ noNaN: true }),
      behaviour: number,
      seal: fc.boolean(),
      previousHash: fc.constant(new Uint8Array(0)),
      records: bytes,
      count: number,
    }),
    { minLength: 1, maxLength: 5 },
  )
  // Some are drawn without a prototype, and would be equal to nothing.
  .map((batches) => ({ kind: "pack", batches: batches.map((batch) => ({ ...batch })) }));

const purge: fc.Arbitrary<Operation> = number.map((nowMs) => ({ kind: "purge", nowMs }));

describe("operations of an archive as bytes", () => {
  it("are read as they were written, also out of memory that is not aligned", () => {
    const some = fc.oneof(fc.array(commit, { minLength: 1, maxLength: 4 }), fc.tuple(pack), fc.tuple(purge));
    fc.assert(
      fc.property(some, fc.nat({ max: 9 }), (operations, offset) => {
        const encoded = encodeOperations(operations);
        const moved = Buffer.alloc(encoded.length + offset);
        moved.set(encoded, offset);
        assert.deepEqual(decodeOperations(moved.subarray(offset)), operations);
      }),
      { numRuns: 300 },
    );
  });
});
