import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { batchesFrom, type JournalUnderTest, Owner, recordBytes } from "../fixture.ts";

const services = [{ service: "workflow", partitions: 2 }];

export function appendTests(underTest: JournalUnderTest): void {
  describe("append", () => {
    it("keeps many concurrent appends in order, and answers in that order", async () => {
      await using fixture = await underTest.open({ services });
      const owner = await Owner.of(fixture.journal.partition("workflow", 0));
      const answered: number[] = [];
      const appends = Array.from({ length: 200 }, (_, index) => {
        const appended = owner.append(`record ${index}`);
        void appended.then(() => answered.push(index));
        return appended;
      });
      assert.ok((await Promise.all(appends)).every(({ kind }) => kind === "durable"));
      assert.deepEqual(
        answered,
        appends.map((_, index) => index),
      );
      const batches = await batchesFrom(owner.partition, 2);
      assert.deepEqual(
        batches.map(({ number }) => number),
        appends.map((_, index) => index + 2),
      );
      assert.deepEqual(
        batches.map(({ records }) => Uint8Array.from(records)),
        appends.map((_, index) => recordBytes(`record ${index}`)),
      );
    });

    it("numbers each partition separately", async () => {
      await using fixture = await underTest.open({ services });
      const [first, second] = await Promise.all(
        [0, 1].map((partition) => Owner.of(fixture.journal.partition("workflow", partition))),
      );
      assert.ok(first !== undefined && second !== undefined);
      await Promise.all([first.append("a"), second.append("b"), first.append("c")]);
      assert.deepEqual([first.partition.last.number, second.partition.last.number], [3, 2]);
    });

    it("copies the bytes before it returns, so that the caller can reuse its buffer", async () => {
      await using fixture = await underTest.open({ services });
      const owner = await Owner.of(fixture.journal.partition("workflow", 0));
      const records = recordBytes("as it was");
      const appended = owner.append(records);
      records.fill(0);
      await appended;
      const [batch] = await batchesFrom(owner.partition, 2);
      assert.deepEqual(Uint8Array.from(batch?.records ?? []), recordBytes("as it was"));
    });

    for (const [label, distance] of [
      ["one that was there before", -1],
      ["one further on", 1],
    ] as const) {
      it(`refuses ${label} as misplaced and writes nothing`, async () => {
        await using fixture = await underTest.open({ services });
        const owner = await Owner.of(fixture.journal.partition("workflow", 0));
        const outcome = await owner.append("x", 2 + distance);
        assert.equal(outcome.kind, "misplaced");
        assert.match(
          outcome.kind === "misplaced" ? outcome.refusal.message : "",
          new RegExp(`Batch ${2 + distance} of partition 0 of workflow does not follow: batch 2 is next`),
        );
        assert.equal(owner.partition.last.number, 1);
      });
    }

    it("refuses all batches after a refused one", async () => {
      await using fixture = await underTest.open({ services });
      const owner = await Owner.of(fixture.journal.partition("workflow", 0));
      const outcomes = await Promise.all([owner.append("a"), owner.append("b", 9), owner.append("c", 10)]);
      assert.deepEqual(
        outcomes.map(({ kind }) => kind),
        ["durable", "misplaced", "misplaced"],
      );
      assert.equal((await owner.append("d", 3)).kind, "durable");
    });

    it("accepts a batch of the maximum size, and throws for a larger one", async () => {
      const batchBytesMax = 100_000;
      await using fixture = await underTest.open({ services, batchBytesMax });
      const owner = await Owner.of(fixture.journal.partition("workflow", 0));
      const largest = new Uint8Array(batchBytesMax).fill(7);
      assert.equal((await owner.append(largest)).kind, "durable");
      const [batch] = await batchesFrom(owner.partition, 2);
      assert.deepEqual(Uint8Array.from(batch?.records ?? []), largest);
      assert.throws(() => owner.append(new Uint8Array(batchBytesMax + 1)), /not larger than the journal/);
    });

    it("refuses a batch as busy if there is no space, and accepts it when there is", async () => {
      const batchBytesMax = 10_000;
      await using fixture = await underTest.open({ services, batchBytesMax });
      const owner = await Owner.of(fixture.journal.partition("workflow", 0));
      const records = new Uint8Array(batchBytesMax);
      const outcomes: string[] = [];
      const under = [];
      for (let count = 0; count < 50; count++) {
        const number = owner.next;
        const appended = owner.append(records).then(({ kind }) => {
          outcomes.push(kind);
          if (kind === "busy") owner.next = Math.min(owner.next, number);
        });
        under.push(appended);
      }
      await Promise.all(under);
      assert.ok(outcomes.includes("busy"));
      assert.equal(outcomes.filter((kind) => kind === "durable").length, owner.partition.last.number - 1);
      assert.equal(fixture.journal.room(), undefined);
      assert.equal((await owner.append(records, owner.partition.last.number + 1)).kind, "durable");
    });

    it("signals when to wait for space, and never refuses a caller that waits", async () => {
      const batchBytesMax = 10_000;
      await using fixture = await underTest.open({ services, batchBytesMax });
      const owner = await Owner.of(fixture.journal.partition("workflow", 0));
      const under = [];
      let waited = 0;
      for (let count = 0; count < 50; count++) {
        for (let room = fixture.journal.room(); room !== undefined; room = fixture.journal.room()) {
          waited++;
          await room;
        }
        under.push(owner.append(new Uint8Array(batchBytesMax)));
      }
      assert.ok((await Promise.all(under)).every(({ kind }) => kind === "durable"));
      assert.ok(waited > 0);
    });

    it("throws when time runs backwards, which is a bug of the owner", async () => {
      await using fixture = await underTest.open({ services });
      const owner = await Owner.of(fixture.journal.partition("workflow", 0));
      const batch = { epoch: owner.epoch, number: 2, behaviour: 1, records: new Uint8Array(), count: 0 };
      assert.throws(() => owner.partition.append({ ...batch, timeMs: 1 }), /time never runs backwards/);
    });
  });
}
