import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { type ArchiveUnderTest, epoch } from "./fixture.ts";
import { plainSearch } from "./search.ts";
import { historyOf, loadCharacter, purgeAll, readable, stageOf } from "./stage.ts";
import { character, crowd, snapshotOf } from "./story.ts";

export function removalTests(underTest: ArchiveUnderTest): void {
  describe("removal", () => {
    it("removes instances after their retention, and nothing else", async () => {
      await using stage = await stageOf(underTest);
      const { archive, partition, story } = stage;
      const all = crowd("one", 300);
      story.write(...all);
      await story.persist(
        partition,
        all.slice(0, 50).map((instance) => snapshotOf(instance)),
      );
      for (const [index, instance] of all.entries())
        if (index % 3 > 0) story.finish(instance, { keepMs: (index % 3) * 100_000 });
      await story.persist(
        partition,
        all.slice(40, 60).map((instance) => snapshotOf(instance)),
      );
      await purgeAll(archive, story.nowMs);
      assert.equal((await archive.figures()).endedInstances, 200);
      await purgeAll(archive, story.nowMs + 100_000);
      for (const [index, instance] of all.entries()) {
        const loaded = await loadCharacter(partition, instance);
        const isRemoved = index % 3 === 1;
        assert.equal(
          loaded?.kind === "nothing",
          isRemoved || (index % 3 === 0 && index >= 60),
          `${index}: ${loaded?.kind}`,
        );
        assert.deepEqual(await historyOf(partition, instance), isRemoved ? [] : readable(instance.history));
        assert.deepEqual(await partition.keyOf(instance.incarnation), isRemoved ? undefined : instance.key);
      }
      const page = await archive.search({ ...plainSearch, limit: 1_000 });
      assert.equal(page.entries.length, 200);
      const { liveInstances, endedInstances } = await archive.figures();
      assert.deepEqual([liveInstances, endedInstances], [100, 100]);
    });

    it("removes at once an instance with a retention of 0, before it is packed", async () => {
      await using stage = await stageOf(underTest);
      const { archive, partition, story } = stage;
      const [known, unknown, long] = [character("known"), character("unknown"), character("long")];
      for (let count = 0; count < 100; count++) story.write(long);
      story.write(known);
      await story.persist(partition, [snapshotOf(known)]);
      story.write(unknown);
      for (const instance of [known, unknown, long]) story.finish(instance, { keepMs: 0 });
      const changes = story.changes();
      await partition.commit(epoch, changes);
      for (const packed of [false, true]) {
        for (const instance of [known, unknown, long]) {
          assert.deepEqual(await loadCharacter(partition, instance), { kind: "nothing" });
          assert.equal(await partition.keyOf(instance.incarnation), undefined);
          assert.deepEqual(await historyOf(partition, instance), [], `${instance.key.id}, packed: ${packed}`);
        }
        await partition.pack(epoch, changes.coveredTo);
        await purgeAll(archive, story.nowMs);
      }
      assert.deepEqual((await archive.search({ ...plainSearch, limit: 10 })).entries, []);
    });

    it("keeps an id reserved for the given time, and then frees it", async () => {
      await using stage = await stageOf(underTest);
      const { archive, partition, story } = stage;
      const [later, immediate] = [character("later"), character("at-once")];
      story.write(later, immediate);
      story.finish(later, { keepMs: 1_000, idKeptMs: 5_000 });
      story.finish(immediate, { keepMs: 0, idKeptMs: 5_000 });
      await story.persist(partition);
      assert.equal((await loadCharacter(partition, later))?.kind, "ended");
      const untilMs = immediate.entry.idKeptUntilMs;
      assert.deepEqual(await loadCharacter(partition, immediate), { kind: "tombstone", untilMs });
      await purgeAll(archive, later.entry.keepUntilMs);
      assert.deepEqual(await loadCharacter(partition, later), {
        kind: "tombstone",
        untilMs: later.entry.idKeptUntilMs,
      });
      assert.equal(await partition.keyOf(later.incarnation), undefined);
      assert.deepEqual(await historyOf(partition, later), []);
      assert.ok(partition.mayHave(later.key));
      await purgeAll(archive, later.entry.idKeptUntilMs - 1);
      assert.equal((await loadCharacter(partition, later))?.kind, "tombstone");
      await purgeAll(archive, later.entry.idKeptUntilMs);
      assert.deepEqual(await loadCharacter(partition, later), { kind: "nothing" });
      const successor = character("later");
      story.write(successor);
      await story.persist(partition, [snapshotOf(successor)]);
      assert.equal((await loadCharacter(partition, successor))?.kind, "snapshot");
      assert.deepEqual(await historyOf(partition, successor), readable(successor.history));
    });

    it("keeps an instance that continues after its end, with its whole history, and does not remove it", async () => {
      await using stage = await stageOf(underTest);
      const { archive, partition, story } = stage;
      const [short, long] = [character("short"), character("long")];
      story.write(short, long);
      for (const instance of [short, long]) story.finish(instance, { keepMs: 1_000 });
      await story.persist(partition, [snapshotOf(long)]);
      await partition.settle(epoch);
      for (const instance of [short, long]) {
        instance.entry = {
          ...instance.entry,
          status: WorkStatus.WORK_STATUS_RUNNING,
          endMs: 0,
          keepUntilMs: 0,
        };
      }
      story.write(short, long);
      await story.persist(partition, [snapshotOf(short), snapshotOf(long)]);
      await purgeAll(archive, story.nowMs + 10_000);
      for (const instance of [short, long]) {
        assert.equal((await loadCharacter(partition, instance))?.kind, "snapshot");
        assert.deepEqual(await historyOf(partition, instance), readable(instance.history), instance.key.id);
      }
    });

    for (const stored of ["no state", "a state"])
      it(`has the whole history of an instance with ${stored} that resumed and ended again between two commits`, async () => {
        await using stage = await stageOf(underTest);
        const { archive, partition, story } = stage;
        const all = [character("short"), character("long")];
        const [, long] = all;
        const snapshots = () => (stored === "a state" ? all.map((instance) => snapshotOf(instance)) : []);
        story.write(...all);
        for (let count = 0; count < 70; count++) if (long !== undefined) story.write(long);
        for (let times = 0; times < 3; times++) {
          for (const instance of all) {
            if (times > 0) story.write(instance);
            story.finish(instance);
          }
          await story.persist(partition, snapshots());
          await partition.settle(epoch);
        }
        for (const instance of all)
          assert.deepEqual(await historyOf(partition, instance), readable(instance.history), instance.key.id);
        const { liveInstances, endedInstances } = await archive.figures();
        assert.deepEqual([liveInstances, endedInstances], [0, 2]);
      });

    it("removes no instance whose end is not covered: a restart would end it again", async () => {
      await using stage = await stageOf(underTest);
      const { archive, partition, story } = stage;
      const ann = character("ann");
      story.write(ann);
      story.finish(ann, { keepMs: 1 });
      const changes = story.changes();
      await partition.commit(epoch, { ...changes, coveredTo: 1 });
      await purgeAll(archive, story.nowMs + 1_000);
      assert.equal((await loadCharacter(partition, ann))?.kind, "ended");
      await partition.commit(epoch, { ...changes, entries: [] });
      await purgeAll(archive, story.nowMs + 1_000);
      assert.deepEqual(await loadCharacter(partition, ann), { kind: "nothing" });
    });
  });
}
