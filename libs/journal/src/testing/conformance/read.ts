import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { journalErrors } from "../../errors.ts";
import { batchesFrom, type JournalUnderTest, Owner, recordBytes } from "../fixture.ts";

const services = [
  { service: "workflow", partitions: 1 },
  { service: "swarm", partitions: 1 },
];

export function readTests(underTest: JournalUnderTest): void {
  describe("read and truncate", () => {
    it("returns appended batches, from any number on", async () => {
      await using fixture = await underTest.open({ services });
      const owner = await Owner.of(fixture.journal.partition("workflow", 0), 5);
      const other = await Owner.of(fixture.journal.partition("swarm", 0));
      for (let index = 2; index <= 20; index++) {
        await Promise.all([owner.append(`record ${index}`), other.append("other")]);
      }
      for (let from = 1; from <= 20; from++) {
        const batches = await batchesFrom(owner.partition, from);
        assert.deepEqual(
          batches.map(({ number }) => number),
          Array.from({ length: 21 - from }, (_, index) => from + index),
        );
      }
      const [batch] = await batchesFrom(owner.partition, 20);
      const { previousHash, records, ...rest } = batch ?? assert.fail("there is a batch 20");
      assert.deepEqual(rest, {
        number: 20,
        epoch: 5,
        timeMs: 1_767_225_600_020,
        behaviour: 1,
        seal: false,
        count: 1,
      });
      assert.equal(previousHash.length, 32);
      assert.deepEqual(Uint8Array.from(records), recordBytes("record 20"));
    });

    it("returns nothing from an empty partition, and from after the end", async () => {
      await using fixture = await underTest.open({ services });
      const partition = fixture.journal.partition("workflow", 0);
      assert.deepEqual(await batchesFrom(partition), []);
      const { number, epoch, timeMs, hash } = partition.last;
      assert.deepEqual([partition.first, number, epoch, timeMs, hash.length], [1, 0, 0, 0, 0]);
      await Owner.of(partition);
      assert.deepEqual(await batchesFrom(partition, 2), []);
    });

    it("does not return batches that became durable after it started", async () => {
      await using fixture = await underTest.open({ services });
      const owner = await Owner.of(fixture.journal.partition("workflow", 0));
      await owner.append("a");
      const numbers: number[] = [];
      for await (const slice of owner.partition.read(1)) {
        numbers.push(...slice.map(({ number }) => number));
        if (numbers.length < 10) await owner.append("later");
      }
      assert.deepEqual(numbers, [1, 2]);
    });

    it("keeps the last position when everything is truncated, also across a restart", async () => {
      await using fixture = await underTest.open({ services });
      const owner = await Owner.of(fixture.journal.partition("workflow", 0), 3);
      for (let count = 0; count < 5; count++) await owner.append("a");
      const { last } = owner.partition;
      await owner.partition.truncate(last.number + 1);
      assert.deepEqual(owner.partition.last, last);
      const partition = (await fixture.reopen()).partition("workflow", 0);
      assert.deepEqual(partition.last, last);
      const nextOwner = await Owner.of(partition);
      assert.equal(nextOwner.next, last.number + 2);
      const batches = await batchesFrom(partition, last.number + 1);
      assert.deepEqual(Uint8Array.from(batches[0]?.previousHash ?? []), Uint8Array.from(last.hash));
    });

    it("returns only written data, or reports its deletion, to a caller that reads during a truncation", async () => {
      await using fixture = await underTest.open({ services });
      const owner = await Owner.of(fixture.journal.partition("workflow", 0));
      const wide = (number: number) => `number ${number} `.padEnd(40_000, "x");
      for (let number = 2; number <= 60; number++) await owner.append(wide(number));
      const readers = [1, 5, 20, 40].map((from) => owner.partition.read(from)[Symbol.asyncIterator]());
      for (const reader of readers) await reader.next();
      await owner.partition.truncate(60);
      for (let number = 61; number <= 120; number++) await owner.append(wide(number));
      for (const reader of readers) {
        try {
          for (let slice = await reader.next(); slice.done !== true; slice = await reader.next()) {
            for (const { number, records } of slice.value) {
              assert.deepEqual(Buffer.from(records), Buffer.from(recordBytes(wide(number))));
            }
          }
        } catch (error) {
          assert.ok(journalErrors.truncated.is(error), String(error));
        }
      }
    });

    it("refuses to read deleted batches, and names the first readable one", async () => {
      await using fixture = await underTest.open({ services });
      const owner = await Owner.of(fixture.journal.partition("workflow", 0));
      const wide = new Uint8Array(50_000);
      // Some implementations truncate in large parts, so there must be many batches.
      for (let count = 0; count < 40; count++) await owner.append(wide);
      await owner.partition.truncate(40);
      const { first } = owner.partition;
      assert.ok(first > 1 && first <= 40, `the first is ${first}`);
      await assert.rejects(
        () => batchesFrom(owner.partition, first - 1),
        (error: unknown) => {
          assert.ok(journalErrors.truncated.is(error));
          assert.match(error.message, new RegExp(`Partition 0 of workflow starts with batch ${first}, `));
          return true;
        },
      );
      assert.equal((await batchesFrom(owner.partition, first)).length, 42 - first);
    });
  });
}
