import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { BinaryReader, BinaryWriter } from "@bufbuild/protobuf/wire";
import fc from "fast-check";
import { codecOf } from "./codec.ts";
import { Record as JournalRecord } from "./generated/runtime/v1.ts";
import { ErrorDetail, LabelSelector, Payload } from "./generated/types/v1.ts";

const selectors = codecOf(LabelSelector);
const payloads = codecOf(Payload);
const details = codecOf(ErrorDetail);
const records = codecOf(JournalRecord);

const keys = fc
  .string({ minLength: 1, maxLength: 20, unit: "grapheme" })
  .filter((key) => key !== "__proto__");
const bytes = fc.uint8Array({ maxLength: 300 });
const uint32 = fc.integer({ min: 0, max: 0xffffffff });

const selector = fc.record({
  equals: fc.dictionary(keys, fc.string({ unit: "grapheme" }), { noNullPrototype: true }),
  exists: fc.array(fc.string()),
  absent: fc.array(fc.string()),
});
const payload = fc.record({
  body: fc.option(
    fc.oneof(
      fc.record({ $case: fc.constant("inline" as const), value: bytes }),
      fc.record({
        $case: fc.constant("blob" as const),
        value: fc.record({ sha256: bytes, size: fc.double({ noNaN: true }) }),
      }),
    ),
    { nil: undefined },
  ),
  mediaType: fc.string(),
});
const record = fc.record({
  namespace: fc.string(),
  kind: fc.string(),
  id: fc.string({ maxLength: 300 }),
  event: uint32,
  type: fc.string(),
  version: uint32,
  payload: bytes,
  previousBatch: fc.maxSafeNat(),
  previousIndex: uint32,
  cause: fc.constant(undefined),
  incarnation: fc.maxSafeNat(),
});

/** Messages contain views of the buffer they were read from. Only their content is compared. */
function same(actual: unknown, expected: unknown): void {
  assert.deepEqual(plain(actual), plain(expected));
}
function plain(value: unknown): unknown {
  if (value instanceof Uint8Array) return [...value];
  if (Array.isArray(value)) return value.map(plain);
  if (typeof value === "object" && value !== null) {
    return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, plain(entry)]));
  }
  return Object.is(value, -0) ? 0 : value;
}

describe("codecs", () => {
  it("encoded maps, lists, choices, bytes and numbers are decoded to the same values", () => {
    fc.assert(fc.property(selector, (message) => same(selectors.decode(selectors.encode(message)), message)));
    fc.assert(fc.property(payload, (message) => same(payloads.decode(payloads.encode(message)), message)));
    fc.assert(fc.property(record, (message) => same(records.decode(records.encode(message)), message)));
  });

  it("a shared writer gives the same bytes as separate writers, in any order of messages", () => {
    const either = fc.oneof(
      selector.map((message) => [selectors.encode(message), LabelSelector.encode(message)] as const),
      payload.map((message) => [payloads.encode(message), Payload.encode(message)] as const),
      record.map((message) => [records.encode(message), JournalRecord.encode(message)] as const),
    );
    fc.assert(
      fc.property(fc.array(either), (pairs) => {
        for (const [shared, own] of pairs) assert.deepEqual(shared, own.finish());
      }),
    );
  });

  it("returned bytes do not change when the next message is encoded", () => {
    const first = payloads.encode(Payload.create({ mediaType: "first" }));
    const copy = Uint8Array.from(first);
    payloads.encode(Payload.create({ mediaType: "second and longer" }));
    assert.deepEqual(first, copy);
  });

  it("a message that cannot be encoded does not affect the next message", () => {
    const broken = { ...JournalRecord.create({ namespace: "left behind" }), version: -1 };
    assert.throws(() => records.encode(broken), /invalid uint32/);
    assert.equal(records.decode(records.encode(JournalRecord.create({ id: "r" }))).namespace, "");
  });

  it("an encoding within an encoding affects neither", () => {
    const inner = Payload.create({ mediaType: "inner" });
    const outer = {
      ...LabelSelector.create({ absent: ["b"] }),
      get exists(): string[] {
        return [payloads.decode(payloads.encode(inner)).mediaType];
      },
    };
    same(selectors.decode(selectors.encode(outer)), { equals: {}, exists: ["inner"], absent: ["b"] });
  });

  it("a large message is encoded completely, and so are small messages after it", () => {
    const value = new Uint8Array(1 << 20).fill(7);
    const large = payloads.encode({ body: { $case: "inline", value }, mediaType: "" });
    const body = payloads.decode(large).body;
    assert.equal(body?.$case === "inline" && body.value.length, 1 << 20);
    assert.equal(payloads.decode(payloads.encode(Payload.create({ mediaType: "x" }))).mediaType, "x");
  });

  it("fields of a later release are dropped, and known fields are kept", () => {
    const later = new BinaryWriter().uint32((999 << 3) | 2).string("of a later release");
    const encoded = Payload.encode(Payload.create({ mediaType: "text/plain" }), later).finish();
    const decoded = payloads.decode(encoded);
    assert.equal(decoded.mediaType, "text/plain");
    assert.deepEqual(payloads.encode(decoded), payloads.encode(Payload.create({ mediaType: "text/plain" })));
  });

  it("any bytes are decoded or refused, and each decoded message can be encoded", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 200 }), (garbage) => {
        for (const codec of [selectors, payloads, records]) {
          let message: never;
          try {
            message = codec.decode(garbage) as never;
          } catch (error) {
            assert.ok(error instanceof Error);
            continue;
          }
          codec.encode(message);
        }
      }),
    );
  });

  it("truncated bytes are refused or give fewer fields, never wrong fields", () => {
    const encoded = records.encode(
      JournalRecord.create({ namespace: "default", id: "run_1", payload: new Uint8Array(40).fill(1) }),
    );
    for (let length = 0; length < encoded.length; length++) {
      try {
        const part = records.decode(encoded.subarray(0, length));
        assert.ok(["", "default"].includes(part.namespace) && ["", "run_1"].includes(part.id));
      } catch (error) {
        assert.ok(error instanceof Error);
      }
    }
  });

  it("a tag that cannot be is refused instead of ending the message silently", () => {
    const good = payloads.encode(Payload.create({ mediaType: "x" }));
    assert.throws(() => payloads.decode(Uint8Array.of(...good, 0, ...good)), /got no valid tag/);
    assert.throws(() => payloads.decode(Uint8Array.of(...good, 0x0c, ...good)), /got no valid tag/);
  });

  it("a message nested deeper than a hundred levels is refused", () => {
    let nested = ErrorDetail.create({ code: "a.b" });
    for (let i = 0; i < 150; i++) nested = ErrorDetail.create({ cause: nested });
    const encoded = details.encode(nested);
    assert.throws(() => details.decode(encoded), /recursion limit/);
  });

  it("a 64-bit integer that a number cannot hold is refused instead of losing digits", () => {
    const writer = new BinaryWriter();
    writer
      .uint32((8 << 3) | 2)
      .fork()
      .uint32((3 << 3) | 0)
      .uint64(2n ** 60n)
      .join();
    assert.throws(() => details.decode(writer.finish()), /MAX_SAFE_INTEGER/);
    assert.ok(new BinaryReader(new Uint8Array(0)).len === 0);
  });
});
