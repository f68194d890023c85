import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BinaryWriter } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { AgentFrame, HostFrame } from "../generated/agent/v1.ts";
import { Record as JournalRecord } from "../generated/runtime/v1.ts";
import { ErrorDetail, LabelSelector } from "../generated/types/v1.ts";
import { FlatWriter } from "./flat-writer.ts";
import { agentFrames, hostFrames, journalRecords } from "./messages.fixture.ts";

const text = fc.oneof(
  fc.string({ unit: "grapheme", maxLength: 200 }),
  fc.string({ unit: "binary", maxLength: 40 }),
  fc.string({ unit: "grapheme-ascii", maxLength: 200 }),
  // Half of a surrogate pair, as in a cut string.
  fc.constant("\ud83d cut"),
  fc.constant("ü".repeat(20_000)),
);
const bytes = fc.oneof(
  fc.uint8Array({ maxLength: 40 }),
  fc.uint8Array({ minLength: 100, maxLength: 20_000 }),
);
const int64 = fc.bigInt(-(2n ** 63n), 2n ** 63n - 1n);
const signed = fc.oneof(int64, fc.integer(), int64.map(String));
const unsigned = fc.oneof(fc.bigInt(0n, 2n ** 64n - 1n), fc.maxSafeNat());
const uint32 = fc.oneof(fc.nat(200), fc.integer({ min: 0, max: 0xffff_ffff }));
const int32 = fc.oneof(fc.integer({ min: -200, max: 200 }), fc.integer());

type Step = (writer: BinaryWriter) => void;
const step: fc.Arbitrary<Step> = fc.oneof(
  uint32.map(
    (value): Step =>
      (writer) =>
        writer.uint32(value),
  ),
  int32.map(
    (value): Step =>
      (writer) =>
        writer.int32(value),
  ),
  int32.map(
    (value): Step =>
      (writer) =>
        writer.sint32(value),
  ),
  fc.boolean().map(
    (value): Step =>
      (writer) =>
        writer.bool(value),
  ),
  bytes.map(
    (value): Step =>
      (writer) =>
        writer.bytes(value),
  ),
  bytes.map(
    (value): Step =>
      (writer) =>
        writer.raw(value),
  ),
  text.map(
    (value): Step =>
      (writer) =>
        writer.string(value),
  ),
  fc.float().map(
    (value): Step =>
      (writer) =>
        writer.float(value),
  ),
  fc.double().map(
    (value): Step =>
      (writer) =>
        writer.double(value),
  ),
  uint32.map(
    (value): Step =>
      (writer) =>
        writer.fixed32(value),
  ),
  int32.map(
    (value): Step =>
      (writer) =>
        writer.sfixed32(value),
  ),
  signed.map(
    (value): Step =>
      (writer) =>
        writer.int64(value),
  ),
  signed.map(
    (value): Step =>
      (writer) =>
        writer.sint64(value),
  ),
  signed.map(
    (value): Step =>
      (writer) =>
        writer.sfixed64(value),
  ),
  unsigned.map(
    (value): Step =>
      (writer) =>
        writer.uint64(value),
  ),
  unsigned.map(
    (value): Step =>
      (writer) =>
        writer.fixed64(value),
  ),
  fc.nat({ max: 1000 }).map(
    (field): Step =>
      (writer) =>
        writer.tag(field + 1, 2),
  ),
);
/** Steps, some of them inside of nested messages. */
const { steps } = fc.letrec<{ steps: Step[]; nested: Step[] }>((tie) => ({
  steps: fc
    .array(
      fc.oneof(
        { maxDepth: 4 },
        step.map((write) => [write]),
        tie("nested"),
      ),
      { maxLength: 8 },
    )
    .map((list) => list.flat()),
  nested: tie("steps").map((inner): Step[] => [
    (writer) => writer.fork(),
    ...inner,
    (writer) => writer.join(),
  ]),
}));

function written(writer: FlatWriter, steps: readonly Step[]): Uint8Array {
  for (const write of steps) write(writer);
  return writer.written();
}

describe("FlatWriter", () => {
  it("writes the same bytes as the library's writer, for every call and any size of its buffer", () => {
    fc.assert(
      fc.property(steps, fc.integer({ min: 1, max: 64 }), (calls, capacityBytes) => {
        const standard = new BinaryWriter();
        for (const write of calls) write(standard);
        assert.deepEqual(written(new FlatWriter(capacityBytes), calls), standard.finish());
      }),
    );
  });

  it("writes the same bytes as the library's writer in generated encoders, message after message", () => {
    const writer = new FlatWriter(8);
    const message = fc.oneof(
      agentFrames.map((frame) => (into: BinaryWriter) => AgentFrame.encode(frame, into)),
      hostFrames.map((frame) => (into: BinaryWriter) => HostFrame.encode(frame, into)),
      journalRecords.map((record) => (into: BinaryWriter) => JournalRecord.encode(record, into)),
      fc
        .dictionary(text, text)
        .map(
          (equals) => (into: BinaryWriter) => LabelSelector.encode({ equals, exists: [], absent: [] }, into),
        ),
    );
    fc.assert(
      fc.property(fc.array(message, { maxLength: 4 }), (messages) => {
        writer.reset();
        const standard = messages.map((encode) => encode(new BinaryWriter()).finish());
        for (const encode of messages) encode(writer);
        assert.deepEqual(Buffer.from(writer.written()), Buffer.concat(standard));
      }),
      { numRuns: 50 },
    );
  });

  it("moves a message if its length prefix grows, at each size where the prefix grows", () => {
    for (const size of [0, 127, 128, 16_383, 16_384, 2 ** 21 - 1, 2 ** 21]) {
      const value = new Uint8Array(size).fill(7);
      const calls: Step[] = [
        (writer) => writer.fork(),
        (writer) => writer.fork(),
        (writer) => writer.raw(value),
        (writer) => writer.join(),
        (writer) => writer.join(),
        (writer) => writer.uint32(1),
      ];
      const standard = new BinaryWriter();
      for (const write of calls) write(standard);
      assert.ok(Buffer.from(written(new FlatWriter(1), calls)).equals(standard.finish()), `${size} bytes`);
    }
  });

  it("returns copies with finish and views with written, and restarts", () => {
    const writer = new FlatWriter();
    const copy = writer.string("first").finish();
    assert.equal(writer.position, 0);
    const view = writer.string("other").written();
    assert.equal(view.buffer, writer.memory.buffer);
    assert.deepEqual([...copy], [5, ...Buffer.from("first")]);
    assert.deepEqual([...view], [5, ...Buffer.from("other")]);
  });

  it("drops truncated data, with the messages started in it", () => {
    const writer = new FlatWriter();
    writer.fork().uint32(1);
    const { position } = writer;
    writer.fork().string("not wanted").fork();
    writer.truncate(position);
    assert.deepEqual([...writer.join().written()], [1, 1]);
    assert.throws(() => writer.truncate(3), /expected a position from 0 to 2, got 3/);
    writer.reset();
    assert.throws(() => writer.join(), /expected a message from fork/);
  });

  it("refuses numbers beyond the range of a field", () => {
    const writer = new FlatWriter();
    for (const refused of [
      () => writer.uint32(-1),
      () => writer.uint32(2 ** 32),
      () => writer.uint32(0.5),
      () => writer.uint32(Number.NaN),
      () => writer.int32(2 ** 31),
      () => writer.sint32(-(2 ** 31) - 1),
      () => writer.fixed32(-1),
      () => writer.sfixed32(2 ** 31),
      () => writer.float(1e300),
      () => writer.int64(2n ** 63n),
      () => writer.uint64(-1),
    ]) {
      assert.throws(refused, /invalid (u?int|sint|s?fixed|float)(32|64)/);
    }
    assert.equal(writer.position, 0);
  });

  it("overrides every method by which the library's writer writes", () => {
    const own = Object.getOwnPropertyNames(FlatWriter.prototype);
    const inner = ["constructor", "ensureCapacity", "view", "writeVarint64"];
    const missing = Object.getOwnPropertyNames(BinaryWriter.prototype).filter(
      (name) => !own.includes(name) && !inner.includes(name),
    );
    assert.deepEqual(missing, []);
  });

  it("writes errors with their causes, which nest as deep as the wire allows", () => {
    let error = ErrorDetail.create({ code: "a.b", message: "ü".repeat(60) });
    for (let level = 0; level < 90; level++)
      error = ErrorDetail.create({ code: `level.${level}`, cause: error });
    assert.deepEqual(
      ErrorDetail.encode(error, new FlatWriter(16)).finish(),
      ErrorDetail.encode(error).finish(),
    );
  });
});
