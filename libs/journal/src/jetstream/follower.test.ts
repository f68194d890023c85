import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { journalErrors } from "../errors.ts";
import { Follower } from "./follower.ts";
import { inFlightMax } from "./protocol.ts";
import { name, type Read, stream, TestStream } from "./stream.fixture.ts";

const summaryOf = ({ batches }: Read): string[] =>
  batches.map(({ number, epoch, seal }) => `${number}${seal ? " seals" : " of"} ${epoch}`);

function corruptAt(work: () => unknown, place: RegExp): void {
  assert.throws(work, (error: unknown) => {
    assert.ok(journalErrors.corrupt.is(error), String(error));
    assert.match(error.message, place);
    return true;
  });
}

describe("Follower", () => {
  it("assembles batches from seals and parts, chained by their hashes", () => {
    const log = new TestStream().seal(1).append(2).append(1, { bytes: 2_500 }).seal(2).append();
    const read = log.follow();
    assert.deepEqual(summaryOf(read), ["1 seals 1", "2 of 1", "3 of 1", "4 of 1", "5 seals 2", "6 of 2"]);
    assert.deepEqual(
      read.batches.map(({ records }) => records.length),
      [0, 5, 5, 2_500, 0, 5],
    );
    assert.equal(read.followed.sequence, 8);
    assert.deepEqual([read.followed.owner, read.followed.sealedAt], [20, 7]);
  });

  it("continues after the batch that an origin names, and ignores a seal that is not newer", () => {
    const log = new TestStream().origin(41, 7).append().seal(7).seal(8).append();
    const read = log.follow();
    assert.deepEqual(summaryOf(read), ["42 of 7", "43 seals 8", "44 of 8"]);
    assert.deepEqual(read.batches[0]?.previousHash, new Uint8Array(32).fill(41));
  });

  it("reports an origin after other messages as damage", () => {
    corruptAt(
      () => new TestStream().seal(1).append().origin(41, 7).follow(),
      /an origin behind other messages/,
    );
  });

  it("ignores batches in progress of a replaced owner", () => {
    const log = new TestStream().seal(1).append();
    const [, second = [], third = []] = log.batches(3);
    log
      .seal(2)
      .push(...second, ...third)
      .append()
      .push(...third)
      .append();
    assert.deepEqual(summaryOf(log.follow()), ["1 seals 1", "2 of 1", "3 seals 2", "4 of 2", "5 of 2"]);
  });

  it("ignores seals whose epoch is not newer than all before, from any sender", () => {
    const log = new TestStream().seal(4, 1).seal(4, 2).append().seal(3).seal(4, 1).append();
    const read = log.follow();
    assert.deepEqual(summaryOf(read), ["1 seals 4", "2 of 4", "3 of 4"]);
    assert.equal(read.followed.owner, 1);
  });

  it("ignores messages after a batch whose place an ignored seal took", () => {
    const log = new TestStream().seal(4).append(2);
    const [, second = [], third = []] = log.batches(3);
    log
      .seal(3)
      .push(...second, ...third)
      .append(2);
    assert.deepEqual(summaryOf(log.follow()), ["1 seals 4", "2 of 4", "3 of 4", "4 of 4", "5 of 4"]);
  });

  it("ignores a batch without its last part, and stray parts within another batch", () => {
    const log = new TestStream().seal(1);
    const [stray = []] = log.batches(1);
    log.seal(2);
    const [parts = []] = log.batches(1, { bytes: 3_000 });
    log.push(...parts.slice(0, 2), ...parts.slice(0, 1), ...stray, ...parts.slice(1));
    assert.deepEqual(summaryOf(log.follow()), ["1 seals 1", "2 seals 2", "3 of 2"]);
    log.push(...log.batches(1, { bytes: 3_000 }).flat().slice(0, 2)).seal(3);
    assert.deepEqual(summaryOf(log.follow()).slice(3), ["4 seals 3"]);
  });

  it("continues from anything it has followed, also from within a batch", () => {
    const log = new TestStream().seal(1).append(3).append(2, { bytes: 4_000 }).seal(2).append(2);
    const complete = log.follow();
    const part = new TestStream();
    for (const [index, message] of log.messages.entries()) {
      part.push(message);
      const partial = part.follow();
      const rest = log.follow(new Follower(stream, name, partial.followed));
      assert.deepEqual([...partial.batches, ...rest.batches], complete.batches, `from message ${index + 1}`);
    }
  });

  describe("damage", () => {
    const log = new TestStream().seal(1).append(2).append(1, { bytes: 1_200 }).seal(2).append(2);

    it("is found for any flipped bit", () => {
      const messages = log.messages.map((message, index) => ({ index, bits: message.length * 8 }));
      const place = fc
        .constantFrom(...messages)
        .chain(({ index, bits }) => fc.tuple(fc.constant(index), fc.nat({ max: bits - 1 })));
      fc.assert(
        fc.property(place, ([index, bit]) => {
          const flipped = new TestStream().push(...log.messages.map((message) => message.slice()));
          const message = flipped.messages[index] ?? assert.fail();
          message[bit >>> 3] = (message[bit >>> 3] ?? 0) ^ (1 << (bit & 7));
          const at = `stream ${stream}, message ${index + 1}, byte \\d+, batch|stream ${stream}, message ${index + 1}`;
          corruptAt(() => flipped.follow(), new RegExp(at));
        }),
        // The kind of the first seal becomes that of an origin.
        { examples: [[[0, 24]]] },
      );
    });

    it("is found when a message is missing, doubled, or of another place", () => {
      const without = (index: number) =>
        new TestStream().push(...log.messages.filter((_, at) => at !== index));
      for (const index of [1, 2, 3, 4]) corruptAt(() => without(index).follow(), /batch \d of partition 3/);
      const doubled = new TestStream().push(...log.messages.slice(0, 2), log.messages[1] ?? new Uint8Array());
      corruptAt(() => doubled.follow(), /message 3.*batch 2 where 3 belongs/);
      const otherPlace = new Follower("other", { service: "workflow", partition: 4 }, log.follow().followed);
      assert.throws(() => otherPlace.receive(9, log.messages[7] ?? new Uint8Array()), /another place/);
      const gap = new Follower(stream, name, log.follow().followed);
      corruptAt(
        () => gap.receive(20, log.messages[1] ?? new Uint8Array()),
        /message 9.*the message is missing/,
      );
    });

    it("is found when a batch has an epoch that no seal started", () => {
      const wrong = new TestStream().seal(1).append(1, { epoch: 2 });
      corruptAt(() => wrong.follow(), /message 2.*epoch 2, which no seal started/);
    });
  });

  it("reaches the same result from any start", () => {
    const step = fc.oneof(
      {
        weight: 6,
        arbitrary: fc.record({
          kind: fc.constant("batches" as const),
          count: fc.integer({ min: 1, max: 200 }),
        }),
      },
      {
        weight: 1,
        arbitrary: fc.record({ kind: fc.constant("parts" as const), count: fc.integer({ min: 1, max: 3 }) }),
      },
      {
        weight: 3,
        arbitrary: fc.record({ kind: fc.constant("seal" as const), count: fc.nat({ max: inFlightMax - 2 }) }),
      },
    );
    fc.assert(
      fc.property(fc.array(step, { minLength: 1, maxLength: 12 }), fc.nat(), (steps, start) => {
        const log = new TestStream().seal(1).append();
        let epoch = 1;
        for (const { kind, count } of steps) {
          if (kind === "batches") log.append(count);
          else if (kind === "parts") log.append(count, { bytes: 2_500 });
          else {
            const strays = log.batches(count + 1).flat();
            log
              .seal(++epoch)
              .push(...strays.slice(1, 3))
              .seal(epoch - 1)
              .append(2)
              .push(...strays.slice(5));
          }
        }
        const complete = log.follow();
        const from = 1 + (start % log.messages.length);
        const follower = Follower.startingAt(stream, name, from);
        for (const [index, message] of log.messages.slice(from - 1).entries()) {
          const found = follower.receive(from + index, message);
          if (found === undefined) continue;
          assert.deepEqual(found.batch, complete.batches[found.batch.number - 1]);
        }
        if (log.messages.length - from < inFlightMax + 20) return;
        const { last } = follower.followed;
        if (last !== undefined) assert.deepEqual(last, complete.followed.last);
      }),
      { numRuns: 60 },
    );
  });
});
