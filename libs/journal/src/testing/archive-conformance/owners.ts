import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { archiveErrors } from "../../archive/errors.ts";
import { type ArchiveUnderTest, epoch } from "./fixture.ts";
import { plainSearch } from "./search.ts";
import { historyOf, loadCharacter, readable, stageOf } from "./stage.ts";
import { character, snapshotOf } from "./story.ts";

export function ownerTests(underTest: ArchiveUnderTest): void {
  describe("owners", () => {
    it("rejects a commit of older data by a paused owner", async () => {
      await using stage = await stageOf(underTest);
      const { partition, story } = stage;
      const ann = character("ann");
      story.write(ann);
      const old = story.changes([snapshotOf(ann)]);
      story.write(ann);
      const newer = { ...story.changes([snapshotOf(ann)]), partitionSnapshot: Uint8Array.of(2) };
      await partition.opening(epoch + 1);
      await partition.commit(epoch + 1, newer);
      const refused = { ...old, partitionSnapshot: Uint8Array.of(1) };
      await assert.rejects(() => partition.commit(epoch, refused), archiveErrors.fenced.is);
      const { partitionSnapshot, coveredTo } = await partition.opening(epoch + 1);
      assert.deepEqual([coveredTo, ...partitionSnapshot], [2, 2]);
      assert.deepEqual(await loadCharacter(partition, ann), {
        kind: "snapshot",
        snapshot: snapshotOf(ann).snapshot,
      });
    });

    it("rejects packing, settling and opening by a replaced owner, and continues for the new one", async () => {
      await using stage = await stageOf(underTest);
      const { partition, story } = stage;
      const ann = character("ann");
      for (let count = 0; count < 5; count++) story.write(ann);
      await partition.commit(epoch, story.changes([snapshotOf(ann)]));
      await partition.pack(epoch, 2);
      await partition.opening(epoch + 3);
      await assert.rejects(() => partition.pack(epoch, 4), archiveErrors.fenced.is);
      await assert.rejects(() => partition.settle(epoch), archiveErrors.fenced.is);
      await assert.rejects(() => partition.opening(epoch + 2), archiveErrors.fenced.is);
      assert.equal((await partition.opening(epoch + 3)).packedTo, 2);
      await partition.pack(epoch + 3, 5);
      assert.equal(await partition.settle(epoch + 3), 5);
      assert.deepEqual(await historyOf(partition, ann), readable(ann.history));
    });

    it("fences one partition and no other", async () => {
      await using stage = await stageOf(underTest);
      const { archive, stories } = stage;
      await archive.partition(0).opening(epoch + 1);
      for (const [index, story] of stories.entries()) story.write(character(`in-${index}`));
      const [first, second] = stories.map((story) => story.changes());
      assert.ok(first !== undefined && second !== undefined);
      await assert.rejects(() => archive.partition(0).commit(epoch, first), archiveErrors.fenced.is);
      await archive.partition(1).commit(epoch, second);
    });

    it("applies the last commit of a replaced owner completely or not at all", async () => {
      await using stage = await stageOf(underTest);
      const { archive, partition, story } = stage;
      const [ann, bob] = [character("ann"), character("bob")];
      story.write(ann, bob);
      const committing = partition.commit(epoch, story.changes([snapshotOf(ann), snapshotOf(bob)]));
      const isCommitted = committing.then(
        () => true,
        (error: unknown) => assert.ok(archiveErrors.fenced.is(error)),
      );
      const { coveredTo } = await partition.opening(epoch + 1);
      const { liveInstances } = await archive.figures();
      assert.ok((coveredTo === 1 && liveInstances === 2) || (coveredTo === 0 && liveInstances === 0));
      if (await isCommitted) assert.equal(coveredTo, 1);
      const loaded = await partition.load([ann.key, bob.key]);
      const expected = coveredTo === 1 ? "snapshot" : "nothing";
      assert.deepEqual(
        loaded.map(({ kind }) => kind),
        [expected, expected],
      );
    });

    it("finds nothing of a released partition, until it is opened again", async () => {
      await using stage = await stageOf(underTest);
      const { archive, stories } = stage;
      for (const [index, story] of stories.entries()) {
        story.write(character(`in-${index}`));
        await archive.partition(index).commit(epoch, story.changes());
      }
      const found = async (): Promise<string[]> => {
        const { entries } = await archive.search({ ...plainSearch, limit: 10 });
        return entries.map(({ key }) => key.id).sort();
      };
      assert.deepEqual(await found(), ["in-0", "in-1"]);
      archive.partition(0).release(epoch);
      assert.deepEqual(await found(), ["in-1"]);
      await archive.partition(0).opening(epoch + 1);
      // A late release of the replaced owner.
      archive.partition(0).release(epoch);
      assert.deepEqual(await found(), ["in-0", "in-1"]);
    });
  });
}
