import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { type ArchiveUnderTest, epoch } from "./fixture.ts";
import { plainSearch } from "./search.ts";
import { historyOf, keptOf, purgeAll, readable, stageOf } from "./stage.ts";
import { character, crowd, snapshotOf } from "./story.ts";

export function removalTests(underTest: ArchiveUnderTest): void {
  describe("removal", () => {
    it("removes what has been kept long enough, and nothing else", async () => {
      await using stage = await stageOf(underTest);
      const { archive, partition, story } = stage;
      const all = crowd("one", 300);
      story.write(...all);
      await story.keep(
        partition,
        all.slice(0, 50).map((one) => snapshotOf(one)),
      );
      for (const [index, one] of all.entries())
        if (index % 3 > 0) story.finish(one, { keepMs: (index % 3) * 100_000 });
      await story.keep(
        partition,
        all.slice(40, 60).map((one) => snapshotOf(one)),
      );
      await purgeAll(archive, story.nowMs);
      assert.equal((await archive.figures()).endedInstances, 200);
      await purgeAll(archive, story.nowMs + 100_000);
      for (const [index, one] of all.entries()) {
        const kept = await keptOf(partition, one);
        const isGone = index % 3 === 1;
        assert.equal(
          kept?.kind === "nothing",
          isGone || (index % 3 === 0 && index >= 60),
          `${index}: ${kept?.kind}`,
        );
        assert.deepEqual(await historyOf(partition, one), isGone ? [] : readable(one.history));
        assert.deepEqual(await partition.keyOf(one.incarnation), isGone ? undefined : one.key);
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
      await story.keep(partition, [snapshotOf(known)]);
      story.write(unknown);
      for (const one of [known, unknown, long]) story.finish(one, { keepMs: 0 });
      const changes = story.changes();
      await partition.commit(epoch, changes);
      for (const packed of [false, true]) {
        for (const one of [known, unknown, long]) {
          assert.deepEqual(await keptOf(partition, one), { kind: "nothing" });
          assert.equal(await partition.keyOf(one.incarnation), undefined);
          assert.deepEqual(await historyOf(partition, one), [], `${one.key.id}, packed: ${packed}`);
        }
        await partition.pack(epoch, changes.coveredTo);
        await purgeAll(archive, story.nowMs);
      }
      assert.deepEqual((await archive.search({ ...plainSearch, limit: 10 })).entries, []);
    });

    it("keeps an id taken for the given time, and frees it then", async () => {
      await using stage = await stageOf(underTest);
      const { archive, partition, story } = stage;
      const [later, atOnce] = [character("later"), character("at-once")];
      story.write(later, atOnce);
      story.finish(later, { keepMs: 1_000, idKeptMs: 5_000 });
      story.finish(atOnce, { keepMs: 0, idKeptMs: 5_000 });
      await story.keep(partition);
      assert.equal((await keptOf(partition, later))?.kind, "ended");
      const untilMs = atOnce.entry.idKeptUntilMs;
      assert.deepEqual(await keptOf(partition, atOnce), { kind: "tombstone", untilMs });
      await purgeAll(archive, later.entry.keepUntilMs);
      assert.deepEqual(await keptOf(partition, later), {
        kind: "tombstone",
        untilMs: later.entry.idKeptUntilMs,
      });
      assert.equal(await partition.keyOf(later.incarnation), undefined);
      assert.deepEqual(await historyOf(partition, later), []);
      assert.ok(partition.mayHave(later.key));
      await purgeAll(archive, later.entry.idKeptUntilMs - 1);
      assert.equal((await keptOf(partition, later))?.kind, "tombstone");
      await purgeAll(archive, later.entry.idKeptUntilMs);
      assert.deepEqual(await keptOf(partition, later), { kind: "nothing" });
      const again = character("later");
      story.write(again);
      await story.keep(partition, [snapshotOf(again)]);
      assert.equal((await keptOf(partition, again))?.kind, "snapshot");
      assert.deepEqual(await historyOf(partition, again), readable(again.history));
    });

    it("keeps one that continues after its end, with its whole history, and removes it no more", async () => {
      await using stage = await stageOf(underTest);
      const { archive, partition, story } = stage;
      const [short, long] = [character("short"), character("long")];
      story.write(short, long);
      for (const one of [short, long]) story.finish(one, { keepMs: 1_000 });
      await story.keep(partition, [snapshotOf(long)]);
      await partition.settle(epoch);
      for (const one of [short, long]) {
        one.entry = { ...one.entry, status: WorkStatus.WORK_STATUS_RUNNING, endMs: 0, keepUntilMs: 0 };
      }
      story.write(short, long);
      await story.keep(partition, [snapshotOf(short), snapshotOf(long)]);
      await purgeAll(archive, story.nowMs + 10_000);
      for (const one of [short, long]) {
        assert.equal((await keptOf(partition, one))?.kind, "snapshot");
        assert.deepEqual(await historyOf(partition, one), readable(one.history), one.key.id);
      }
    });

    for (const keeps of ["no state", "a state"])
      it(`has the whole history of an instance with ${keeps} that resumed and ended again between two commits`, async () => {
        await using stage = await stageOf(underTest);
        const { archive, partition, story } = stage;
        const all = [character("short"), character("long")];
        const [, long] = all;
        const snapshots = () => (keeps === "a state" ? all.map((one) => snapshotOf(one)) : []);
        story.write(...all);
        for (let count = 0; count < 70; count++) if (long !== undefined) story.write(long);
        for (let times = 0; times < 3; times++) {
          for (const one of all) {
            if (times > 0) story.write(one);
            story.finish(one);
          }
          await story.keep(partition, snapshots());
          await partition.settle(epoch);
        }
        for (const one of all)
          assert.deepEqual(await historyOf(partition, one), readable(one.history), one.key.id);
        const { liveInstances, endedInstances } = await archive.figures();
        assert.deepEqual([liveInstances, endedInstances], [0, 2]);
      });

    it("removes nothing whose end is not covered: a restart would see it end again", async () => {
      await using stage = await stageOf(underTest);
      const { archive, partition, story } = stage;
      const ann = character("ann");
      story.write(ann);
      story.finish(ann, { keepMs: 1 });
      const changes = story.changes();
      await partition.commit(epoch, { ...changes, coveredTo: 1 });
      await purgeAll(archive, story.nowMs + 1_000);
      assert.equal((await keptOf(partition, ann))?.kind, "ended");
      await partition.commit(epoch, { ...changes, entries: [] });
      await purgeAll(archive, story.nowMs + 1_000);
      assert.deepEqual(await keptOf(partition, ann), { kind: "nothing" });
    });
  });
}
