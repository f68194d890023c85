import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MoneyDepositedV1 } from "@tutti/contracts/bank/v1";
import { Batch, Record, type Record as RecordMessage } from "@tutti/contracts/runtime/v1";
import { ActorKind, type Cause } from "@tutti/contracts/types/v1";
import { FlatWriter } from "@tutti/contracts/wire";
import { RecordScanner } from "@tutti/journal";
import fc from "fast-check";
import { prefixBytes } from "../records/prefix.ts";
import { OpenBatch, type Recorded } from "./open-batch.ts";

const causes: readonly Cause[] = ["ada", "bob"].map((id) => ({
  actor: { kind: ActorKind.ACTOR_KIND_PERSON, id },
  traceparent: "",
  decision: "",
  reason: "",
}));

const header = new FlatWriter(64).uint32(42).string("money_deposited").uint32(48).uint32(3).finish();

interface Key {
  readonly namespace: string;
  readonly kind: string;
  readonly id: string;
}

function recorded({ namespace, kind, id }: Key, incarnation: number): Recorded {
  const prefix = prefixBytes(new FlatWriter(64), namespace, kind, id);
  return { prefix, incarnation, event: 0, lastBatch: 0, lastIndex: 0 };
}

const text = fc.string({ unit: "binary", minLength: 1, maxLength: 50 });
const keys = fc.uniqueArray(fc.record({ namespace: fc.string({ maxLength: 20 }), kind: text, id: text }), {
  minLength: 3,
  maxLength: 3,
  selector: ({ namespace, kind, id }) => JSON.stringify([namespace, kind, id]),
});
const events = fc.array(
  fc.record({
    of: fc.integer({ min: 0, max: 2 }),
    amountCents: fc.double({ noNaN: true }),
    by: fc.integer({ min: 0, max: 1 }),
    isNextBatch: fc.boolean(),
  }),
  { maxLength: 40 },
);

describe("the open batch", () => {
  it("has the bytes of the contracts' own encoder, but for the causes that it need not repeat", () => {
    fc.assert(
      fc.property(keys, events, (named, steps) => {
        const batch = new OpenBatch();
        const instances = named.map((key, index) => recorded(key, index + 1));
        const lasts = named.map(() => ({ event: 0, batch: 0, index: 0 }));
        let number = 7;
        batch.open(number);
        let expected: RecordMessage[] = [];
        let before = -1;
        for (const { of, amountCents, by, isNextBatch } of steps) {
          if (isNextBatch && expected.length > 0) {
            check(batch, expected);
            batch.open(++number);
            expected = [];
            before = -1;
          }
          const last = lasts[of] as (typeof lasts)[number];
          const body = { amountCents };
          batch.add(instances[of] as Recorded, header, MoneyDepositedV1, body, causes[by] as Cause);
          last.event++;
          expected.push({
            ...(named[of] as Key),
            event: last.event,
            type: "money_deposited",
            version: 3,
            payload: MoneyDepositedV1.encode(body).finish(),
            previousBatch: last.batch,
            previousIndex: last.index,
            cause: by === before ? undefined : causes[by],
            incarnation: last.event === 1 ? of + 1 : 0,
          });
          Object.assign(last, { batch: number, index: expected.length - 1 });
          before = by;
        }
        check(batch, expected);
      }),
      { seed: 6 },
    );
  });

  it("is restored to the mark by a cut, even if encoding an event threw halfway", () => {
    const batch = new OpenBatch();
    batch.open(1);
    const instance = recorded({ namespace: "default", kind: "account", id: "ada" }, 1);
    const mark = { position: 0, count: 0, cause: undefined };
    batch.add(instance, header, MoneyDepositedV1, { amountCents: 1 }, causes[0] as Cause);
    batch.mark(mark);
    const before = batch.written().slice();
    const { event, lastBatch, lastIndex } = instance;
    const broken = {
      ...MoneyDepositedV1,
      encode(_: unknown, writer?: { fork(): { string(value: string): unknown } }) {
        writer?.fork().string("half");
        throw new TypeError("poison");
      },
    };
    assert.throws(() => batch.add(instance, header, broken as never, {}, causes[1] as Cause));
    batch.rollBack(mark);
    Object.assign(instance, { event, lastBatch, lastIndex });
    assert.deepEqual(batch.written(), before);
    assert.equal(batch.count, 1);
    batch.add(instance, header, MoneyDepositedV1, { amountCents: 2 }, causes[0] as Cause);
    const { records } = Batch.decode(batch.written());
    assert.deepEqual(
      records.map((record) => record.event),
      [1, 2],
    );
    assert.deepEqual(
      records.map(({ cause }) => cause),
      [causes[0], undefined],
    );
  });
});

/** Checks the records with the generated decoder and with the scanner that reads journals. */
function check(batch: OpenBatch, expected: readonly RecordMessage[]): void {
  const bytes = batch.written().slice();
  assert.equal(batch.count, expected.length);
  assert.equal(batch.bytes, bytes.length);
  assert.deepEqual(Batch.decode(bytes).records, expected);
  const scanner = new RecordScanner();
  scanner.open(bytes);
  for (const [index, record] of expected.entries()) {
    assert.equal(scanner.next(), true);
    const { namespace, kind, id, event, type, version, previousBatch, previousIndex, incarnation } = record;
    assert.equal(scanner.index, index);
    assert.deepEqual(scanner.key, { namespace, kind, id });
    assert.deepEqual(
      [
        scanner.event,
        scanner.type,
        scanner.version,
        scanner.previousBatch,
        scanner.previousIndex,
        scanner.incarnation,
      ],
      [event, type, version, previousBatch, previousIndex, incarnation],
    );
    assert.deepEqual(Record.decode(bytes.subarray(scanner.start, scanner.end)), record);
  }
  assert.equal(scanner.next(), false);
}
