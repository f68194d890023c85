import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Credit } from "@tutti/contracts/bank/v1";
import { LettersSent } from "@tutti/contracts/runtime/v1";
import { stableHash } from "@tutti/kernel";
import fc from "fast-check";
import { Outbox } from "./outbox.ts";

const from = { namespace: "default", kind: "account", id: "ada" };
const message = { type: "credit", codec: Credit };
const partitions = 3;

function send(box: Outbox, id: string, transfer: number): void {
  const to = { service: "bank", namespace: "default", kind: "account", id };
  box.send(from, to, message, { from: "ada", transfer, amountCents: 1 }, undefined);
}

function partitionOf(id: string): number {
  return stableHash("default", "account", id) % partitions;
}

const boxOf = () => new Outbox(() => partitions);
const everything = 1e9;

describe("messages of a partition", () => {
  it("are numbered per receiving partition, from 1, without gaps, in the order sent", () => {
    const ids = ["a", "b", "c", "d", "e"];
    fc.assert(
      fc.property(
        fc.array(fc.array(fc.constantFrom(...ids), { maxLength: 8 }), { maxLength: 10 }),
        (batches) => {
          const box = boxOf();
          const numbers = new Map<number, number>();
          for (const batch of batches) {
            for (const [index, id] of batch.entries()) send(box, id, index);
            const sent = box.closeSent();
            assert.equal(sent?.letters.length ?? 0, batch.length);
            sent?.letters.forEach((envelope, index) => {
              const partition = partitionOf(batch[index] ?? "");
              const number = (numbers.get(partition) ?? 0) + 1;
              numbers.set(partition, number);
              assert.deepEqual([envelope.partition, envelope.number], [partition, number]);
            });
          }
        },
      ),
      { seed: 3 },
    );
  });

  it("are not sent before their batch is durable", () => {
    const box = boxOf();
    send(box, "b", 1);
    const sent = box.closeSent();
    assert.ok(sent);
    const channel = box.channel("bank", partitionOf("b"));
    assert.deepEqual(box.outgoing(channel, 10, everything), []);
    assert.deepEqual([...box.release(sent)], [channel]);
    assert.equal(box.outgoing(channel, 10, everything).length, 1);
  });

  it("that are cut back were never sent, and count no bytes", () => {
    const box = boxOf();
    send(box, "b", 1);
    const { mark, openBytes } = box;
    send(box, "b", 2);
    send(box, "c", 3);
    assert.ok(box.openBytes > openBytes);
    box.rollBack(mark);
    assert.equal(box.openBytes, openBytes);
    assert.equal(box.closeSent()?.letters.length, 1);
    assert.equal(box.openBytes, 0);
    assert.equal(box.closeSent(), undefined);
  });

  it("count at least the bytes that they have in their record", () => {
    fc.assert(
      fc.property(
        fc.string({ unit: "binary", maxLength: 40 }),
        fc.integer({ min: 0, max: 9 }),
        (id, count) => {
          const box = boxOf();
          for (let number = 0; number < count; number++) send(box, id, number);
          const { openBytes } = box;
          const sent = box.closeSent() ?? { letters: [] };
          assert.ok(LettersSent.encode(sent).finish().length <= openBytes);
        },
      ),
      { seed: 4 },
    );
  });

  it("are sent within the limits of a delivery, but at least one at a time", () => {
    const box = boxOf();
    for (let number = 0; number < 10; number++) send(box, "b", number);
    box.release(box.closeSent() ?? { letters: [] });
    const channel = box.channel("bank", partitionOf("b"));
    assert.equal(box.outgoing(channel, 4, everything).length, 4);
    assert.equal(box.outgoing(channel, 100, 1).length, 1);
  });

  it("are kept until they are confirmed, with confirmations in any order", () => {
    const box = boxOf();
    for (let number = 0; number < 5; number++) send(box, "b", number);
    box.release(box.closeSent() ?? { letters: [] });
    const channel = box.channel("bank", partitionOf("b"));
    const numbers = () => box.outgoing(channel, 100, everything).map(({ number }) => number);
    box.confirm(channel, 2);
    assert.deepEqual(numbers(), [3, 4, 5]);
    box.confirm(channel, 1);
    assert.deepEqual(numbers(), [3, 4, 5]);
    assert.deepEqual(box.closeConfirmed(), [{ service: "bank", partition: partitionOf("b"), upTo: 2 }]);
    assert.deepEqual(box.closeConfirmed(), []);
    box.confirm(channel, 99);
    assert.deepEqual(numbers(), []);
    assert.equal(channel.confirmed, 5);
    send(box, "b", 9);
    assert.equal(box.closeSent()?.letters[0]?.number, 6);
  });

  it("are the same after a replay as they were", () => {
    const acts = fc.array(
      fc.oneof(
        fc.record({ send: fc.array(fc.constantFrom("a", "b", "c"), { minLength: 1, maxLength: 4 }) }),
        fc.record({ confirm: fc.integer({ min: 0, max: 12 }), partition: fc.integer({ min: 0, max: 2 }) }),
      ),
      { maxLength: 30 },
    );
    fc.assert(
      fc.property(acts, (steps) => {
        const [live, replayed] = [boxOf(), boxOf()];
        for (const step of steps) {
          if ("send" in step) {
            for (const [index, id] of step.send.entries()) send(live, id, index);
            const sent = live.closeSent() ?? { letters: [] };
            live.release(sent);
            replayed.recoverSent(sent);
          } else {
            const channel = live.channel("bank", step.partition);
            live.confirm(channel, Math.min(step.confirm, channel.last));
          }
          for (const confirmed of live.closeConfirmed()) replayed.recoverConfirmed(confirmed);
        }
        const stateOf = (box: Outbox) =>
          [0, 1, 2].map((partition) => {
            const channel = box.channel("bank", partition);
            const { last, confirmed, released } = channel;
            return { last, confirmed, released, letters: box.outgoing(channel, 1_000, everything) };
          });
        assert.deepEqual(stateOf(replayed), stateOf(live));
      }),
      { seed: 5 },
    );
  });
});

describe("received messages", () => {
  it("are remembered per sending partition, never less than before, and recorded once", () => {
    const box = boxOf();
    assert.equal(box.lastAcceptedFrom("bank", 1), 0);
    box.recordAccepted("bank", 1, 3, true);
    box.recordAccepted("bank", 1, 2, true);
    box.recordAccepted("bank", 2, 7, false);
    assert.equal(box.lastAcceptedFrom("bank", 1), 3);
    assert.deepEqual(box.drainAccepted(), [{ service: "bank", partition: 1, upTo: 3 }]);
    assert.deepEqual(box.drainAccepted(), []);
    assert.deepEqual(box.acceptedEnds(), [
      { service: "bank", partition: 1, number: 3 },
      { service: "bank", partition: 2, number: 7 },
    ]);
  });
});
