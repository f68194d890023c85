import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { WorkStatus } from "@tutti/contracts/types/v1";
import { type ArchiveUnderTest, epoch } from "./fixture.ts";
import { loadCharacter, stageOf } from "./stage.ts";
import { character, crowd, snapshotOf } from "./story.ts";

export function commitTests(underTest: ArchiveUnderTest): void {
  describe("commits", () => {
    it("starts empty", async () => {
      await using stage = await stageOf(underTest);
      const { partition } = stage;
      const opening = await partition.opening(epoch);
      assert.deepEqual([opening.coveredTo, opening.packedTo], [0, 0]);
      assert.equal(opening.partitionSnapshot.length, 0);
      assert.deepEqual(await loadCharacter(partition, character("nobody")), { kind: "nothing" });
      assert.equal(await partition.keyOf(1), undefined);
      assert.equal(await partition.settle(epoch), 0);
    });

    it("returns committed snapshots and keys, the covered position, and the snapshot of the partition", async () => {
      await using stage = await stageOf(underTest);
      const { archive, partition, story } = stage;
      const [ann, bob] = [character("ann"), character("bob")];
      story.write(ann, bob, ann);
      const changes = { ...story.changes([snapshotOf(ann)]), partitionSnapshot: Uint8Array.of(1, 2, 3) };
      await partition.commit(epoch, changes);
      const { coveredTo, packedTo, partitionSnapshot } = await partition.opening(epoch);
      assert.deepEqual([coveredTo, packedTo], [1, 0]);
      assert.equal((await archive.figures()).liveInstances, 2);
      assert.deepEqual([...partitionSnapshot], [1, 2, 3]);
      assert.deepEqual(await loadCharacter(partition, ann), {
        kind: "snapshot",
        snapshot: snapshotOf(ann).snapshot,
      });
      assert.deepEqual(await loadCharacter(partition, bob), { kind: "nothing" });
      assert.deepEqual(await partition.keyOf(2), bob.key);
      assert.ok(partition.mayHave(ann.key) && partition.mayHave(bob.key));
    });

    it("answers many keys in their order, of any alphabet and kind", async () => {
      await using stage = await stageOf(underTest);
      const { partition, story } = stage;
      const all = [
        ...["ü-1", "日本", "", "a/b", "\u0003\u0000", "x".repeat(300)].map((id) => character(id)),
        character("ü-1", { kind: "mission" }),
      ];
      story.write(...all);
      await partition.commit(epoch, story.changes(all.map((instance) => snapshotOf(instance))));
      const loaded = await partition.load([...all, character("nobody")].map(({ key }) => key));
      const texts = loaded.map((result) =>
        result.kind === "snapshot" ? new TextDecoder().decode(result.snapshot) : "",
      );
      assert.deepEqual(texts, [...all.map((instance) => `${instance.key.id} at 1, 1`), ""]);
      for (const instance of all) {
        assert.ok(partition.mayHave(instance.key));
        assert.deepEqual(await partition.keyOf(instance.incarnation), instance.key);
      }
    });

    it("replaces a snapshot, and copies its bytes before it returns", async () => {
      await using stage = await stageOf(underTest);
      const { partition, story } = stage;
      const ann = character("ann");
      story.write(ann);
      await partition.commit(epoch, story.changes([snapshotOf(ann)]));
      story.write(ann);
      const snapshot = snapshotOf(ann);
      const expected = Uint8Array.from(snapshot.snapshot);
      const done = partition.commit(epoch, story.changes([snapshot]));
      snapshot.snapshot.fill(0);
      await done;
      assert.deepEqual(await loadCharacter(partition, ann), { kind: "snapshot", snapshot: expected });
      assert.equal((await stage.archive.figures()).liveInstances, 1);
    });

    it("returns the end of an ended instance's history, and keeps a state that was committed with the end", async () => {
      await using stage = await stageOf(underTest);
      const { partition, story } = stage;
      const [ann, bob, cat] = [character("ann"), character("bob"), character("cat")];
      story.write(ann, bob);
      await partition.commit(epoch, story.changes([snapshotOf(ann, { dueMs: 5, outstanding: true })]));
      story.finish(ann);
      story.write(bob);
      story.finish(bob, { status: WorkStatus.WORK_STATUS_FAILED });
      story.write(cat);
      story.finish(cat);
      await partition.commit(epoch, story.changes([snapshotOf(bob)]));
      const ended = ({ incarnation, history, last }: typeof ann) => ({
        kind: "ended",
        incarnation,
        events: history.length,
        last,
      });
      assert.deepEqual(await loadCharacter(partition, ann), ended(ann));
      assert.deepEqual(await loadCharacter(partition, cat), ended(cat));
      assert.deepEqual(await loadCharacter(partition, bob), {
        kind: "snapshot",
        snapshot: snapshotOf(bob).snapshot,
      });
      assert.deepEqual(await partition.keyOf(cat.incarnation), cat.key);
      assert.equal(await partition.nextDueMs(), undefined);
      assert.deepEqual(await partition.outstanding(0, 10), []);
      assert.equal((await stage.archive.figures()).liveInstances, 0);
    });

    it("keeps partitions separate", async () => {
      await using stage = await stageOf(underTest);
      const { archive, stories } = stage;
      const [one, other] = [character("same"), character("same")];
      stories[0]?.write(one);
      stories[1]?.write(character("before"), other);
      for (const [index, story] of stories.entries()) {
        await archive.partition(index).commit(epoch, story.changes([snapshotOf(index === 0 ? one : other)]));
      }
      assert.deepEqual(await archive.partition(0).keyOf(2), undefined);
      assert.deepEqual(await archive.partition(1).keyOf(2), other.key);
      assert.equal((await archive.figures()).liveInstances, 3);
    });

    it("changes nothing when the same commit is repeated", async () => {
      await using stage = await stageOf(underTest);
      const { partition, story } = stage;
      const all = crowd("one", 20);
      story.write(...all);
      for (const instance of all.slice(0, 10)) story.finish(instance);
      story.finish(all[10] ?? character(""), { keepMs: 0 });
      const changes = story.changes(all.slice(5, 8).map((instance) => snapshotOf(instance)));
      const readState = async () => ({
        opening: await partition.opening(epoch),
        kept: await partition.load(all.map(({ key }) => key)),
        figures: { ...(await stage.archive.figures()), bytes: 0, packedRows: 0 },
      });
      await partition.commit(epoch, changes);
      const before = await readState();
      await partition.commit(epoch, changes);
      assert.deepEqual(await readState(), before);
      await partition.pack(epoch, changes.coveredTo);
      await partition.commit(epoch, changes);
      assert.deepEqual({ ...(await readState()).kept }, { ...before.kept });
      assert.deepEqual(before.figures, { bytes: 0, packedRows: 0, liveInstances: 9, endedInstances: 10 });
    });

    it("finds the newer of two instances that had the same key in turn", async () => {
      await using stage = await stageOf(underTest);
      const { partition, story } = stage;
      const first = character("order-1");
      story.write(first);
      story.finish(first, { keepMs: 0 });
      const second = character("order-1");
      story.write(second);
      await partition.commit(epoch, story.changes([snapshotOf(second)]));
      assert.equal((await loadCharacter(partition, second))?.kind, "snapshot");
      assert.equal(await partition.keyOf(first.incarnation), undefined);
      assert.deepEqual(await partition.keyOf(second.incarnation), second.key);
    });

    it("accepts a state of 16 MiB", async () => {
      await using stage = await stageOf(underTest);
      const { partition, story } = stage;
      const ann = character("ann");
      story.write(ann);
      const snapshot = new Uint8Array(16 * 1024 * 1024).fill(7);
      await partition.commit(epoch, story.changes([{ ...snapshotOf(ann), snapshot }]));
      const loaded = await loadCharacter(partition, ann);
      assert.ok(loaded?.kind === "snapshot" && Buffer.from(loaded.snapshot).equals(snapshot));
    });
  });
}
