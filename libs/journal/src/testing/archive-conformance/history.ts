import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Record as JournalRecord } from "@tutti/contracts/runtime/v1";
import { type ArchiveUnderTest, epoch } from "./fixture.ts";
import { historyOf, readable, stageOf } from "./stage.ts";
import { character, crowd, snapshotOf } from "./story.ts";

export function historyTests(underTest: ArchiveUnderTest): void {
  describe("history", () => {
    it("returns each event as it was recorded, with its position, its time and its own cause", async () => {
      await using stage = await stageOf(underTest);
      const { partition, story } = stage;
      const [ann, bob] = [character("ann"), character("bob", { kind: "mission" })];
      story.write(ann, bob, ann, ann, bob);
      story.write(bob, ann);
      story.finish(bob);
      await story.persist(partition);
      assert.deepEqual(await historyOf(partition, ann), readable(ann.history));
      assert.deepEqual(await historyOf(partition, bob), readable(bob.history));
      assert.equal(readable(bob.history)[1]?.record.cause?.decision, "decision 1");
      assert.deepEqual(await historyOf(partition, character("nobody")), []);
    });

    it("returns pages from any position, for events packed one by one or all at once", async () => {
      await using stage = await stageOf(underTest);
      const { partition, story } = stage;
      const [dense, scattered] = [character("dense"), character("scattered")];
      for (let count = 0; count < 100; count++) {
        story.write(...new Array(5).fill(dense));
        story.write(scattered, ...crowd(`other-${count}`, 2));
        if (count % 3 === 0) await story.persist(partition);
      }
      await story.persist(partition);
      for (const instance of [dense, scattered]) {
        assert.deepEqual(await historyOf(partition, instance), readable(instance.history));
        for (const [after, limit] of [
          [0, 10],
          [1, 63],
          [60, 10],
          [63, 1],
          [64, 64],
          [90, 50],
          [499, 5],
        ] as const) {
          assert.deepEqual(
            await historyOf(partition, instance, after, limit),
            readable(instance.history.slice(after, after + limit)),
            `${instance.key.id}, ${limit} after ${after}`,
          );
        }
      }
    });

    it("returns packed events while more are in the journal, and only up to the requested position", async () => {
      await using stage = await stageOf(underTest);
      const { partition, story } = stage;
      const [ann, bob] = [character("ann"), character("bob")];
      for (let count = 0; count < 5; count++) story.write(ann, bob);
      await story.persist(partition);
      const atFive = ann.last;
      for (let count = 0; count < 70; count++) story.write(ann, bob);
      story.finish(bob);
      await partition.commit(epoch, story.changes());
      assert.deepEqual(await historyOf(partition, ann), readable(ann.history.slice(0, 5)));
      assert.deepEqual(await historyOf(partition, bob), readable(bob.history.slice(0, 5)));
      await partition.pack(epoch, story.feed.last(0));
      const query = { key: ann.key, last: atFive, afterEvent: 2, limit: 10 };
      assert.deepEqual(readable(await partition.history(query)), readable(ann.history.slice(2, 5)));
      const middle = ann.history[69]?.place ?? assert.fail();
      assert.deepEqual(
        await historyOf(partition, { ...ann, last: middle }),
        readable(ann.history.slice(0, 70)),
      );
      assert.deepEqual(await historyOf(partition, bob), readable(bob.history));
    });

    it("continues from the last step when packed in steps, and packs nothing twice", async () => {
      await using stage = await stageOf(underTest);
      const { partition, story } = stage;
      const all = crowd("one", 40);
      for (let count = 0; count < 20; count++) {
        const some = all.slice(count, count + 20);
        story.write(...some, ...some.slice(0, 3));
        for (const instance of some.slice(0, 1)) story.finish(instance);
      }
      const changes = story.changes();
      await partition.commit(epoch, changes);
      for (const to of [3, 3, 1, 11, 12, changes.coveredTo]) await partition.pack(epoch, to);
      assert.equal((await partition.opening(epoch)).packedTo, changes.coveredTo);
      for (const instance of all)
        assert.deepEqual(await historyOf(partition, instance), readable(instance.history));
    });

    it("keeps no history of the partition itself", async () => {
      await using stage = await stageOf(underTest);
      const { partition, story, feed } = stage;
      const ann = character("ann");
      story.write(ann);
      const own = { namespace: "", kind: "partition", id: "0" };
      const last = { batch: feed.last(0) + 1, index: 0 };
      const about = { event: 1, type: "runtime.letters_sent", version: 1, payload: new Uint8Array(0) };
      const record = JournalRecord.create({ ...own, ...about, cause: { decision: "none" } });
      feed.append(0, story.nowMs, [record]);
      story.write(ann);
      await story.persist(partition, [snapshotOf(ann)]);
      assert.deepEqual(await partition.history({ key: own, last, afterEvent: 0, limit: 10 }), []);
      assert.deepEqual(await historyOf(partition, ann), readable(ann.history));
    });
  });
}
