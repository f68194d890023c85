import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { archiveErrors } from "../../archive/errors.ts";
import type { Archive } from "../../archive/port.ts";
import { type ArchiveUnderTest, epoch } from "./fixture.ts";
import { plainSearch } from "./search.ts";
import { historyOf, loadCharacter, purgeAll, readable, type Stage, stageOf } from "./stage.ts";
import { type Character, character, crowd, snapshotOf } from "./story.ts";

export function lifeTests(underTest: ArchiveUnderTest): void {
  describe("life", () => {
    it("has all data after it is closed and reopened", async () => {
      await using stage = await stageOf(underTest);
      const all = await lived(stage);
      await check(await stage.fixture.reopen(), all);
    });

    it("has all that was acknowledged after its process died", async () => {
      await using stage = await stageOf(underTest);
      const all = await lived(stage);
      await check(await stage.fixture.crash(), all);
    });

    it("continues after a crash where it stopped", async () => {
      await using stage = await stageOf(underTest);
      const { story } = stage;
      const all = await lived(stage);
      const archive = await stage.fixture.crash();
      await archive.partition(0).opening(epoch);
      const [first] = all;
      assert.ok(first !== undefined);
      for (let count = 0; count < 70; count++) story.write(first);
      await story.persist(archive.partition(0), [snapshotOf(first)]);
      await check(archive, all);
    });

    it("makes a backup that opens on its own, as of its start or later", async () => {
      await using stage = await stageOf(underTest);
      const { archive, fixture } = stage;
      const all = await lived(stage);
      await archive.backup(fixture.directory);
      const later = character("later");
      stage.story.write(later);
      await stage.story.persist(archive.partition(0));
      const copy = await fixture.openBackup(fixture.directory);
      await check(copy, all);
      assert.deepEqual(await loadCharacter(copy.partition(0), later), { kind: "nothing" });
      await copy.close();
    });

    it("makes a backup during writes that contains each commit completely or not at all", async () => {
      await using stage = await stageOf(underTest);
      const { archive, fixture, partition, story } = stage;
      await lived(stage);
      const copied = archive.backup(fixture.directory);
      const later: Character[] = [];
      for (let count = 0; count < 20; count++) {
        const some = crowd(`later-${count}`, 10);
        story.write(...some);
        await story.persist(
          partition,
          some.map((instance) => snapshotOf(instance)),
        );
        later.push(...some);
      }
      await copied;
      const copy = await fixture.openBackup(fixture.directory);
      const [one, ...others] = await copy.partition(0).load(later.map(({ key }) => key));
      const kinds = [one, ...others].map((result) => result?.kind);
      const there = kinds.filter((kind) => kind === "snapshot").length;
      assert.equal(there % 10, 0);
      assert.deepEqual(kinds.slice(0, there), new Array(there).fill("snapshot"));
      assert.deepEqual(kinds.slice(there), new Array(later.length - there).fill("nothing"));
      await copy.close();
    });

    it("settles up to the covered and packed position", async () => {
      await using stage = await stageOf(underTest);
      const { partition, story } = stage;
      const ann = character("ann");
      for (let count = 0; count < 5; count++) story.write(ann);
      await partition.commit(epoch, story.changes([snapshotOf(ann)]));
      assert.equal(await partition.settle(epoch), 0);
      await partition.pack(epoch, 3);
      assert.equal(await partition.settle(epoch), 3);
      await partition.pack(epoch, 5);
      assert.equal(await partition.settle(epoch), 5);
      const opened = await (await stage.fixture.crash()).partition(0).opening(epoch);
      assert.deepEqual([opened.coveredTo, opened.packedTo], [5, 5]);
    });

    it("rejects everything after it is closed", async () => {
      await using stage = await stageOf(underTest);
      const { archive, partition, story } = stage;
      story.write(character("ann"));
      const done = partition.commit(epoch, story.changes());
      await archive.close();
      await done;
      await assert.rejects(() => partition.opening(epoch), archiveErrors.closed.is);
      await assert.rejects(() => archive.purge(0), archiveErrors.closed.is);
      await archive.close();
    });
  });
}

/** Creates some of everything in the first partition. */
async function lived({ archive, partition, story }: Stage): Promise<Character[]> {
  const all = [...crowd("one", 60), character("long")];
  const [long] = all.slice(-1);
  for (let count = 0; count < 31; count++) {
    story.write(...all.slice(count, count + 30), ...(long === undefined ? [] : [long, long, long]));
    if (count % 4 === 0)
      await story.persist(
        partition,
        all.slice(0, count).map((instance) => snapshotOf(instance)),
      );
  }
  for (const instance of all.slice(10, 20)) story.finish(instance, { keepMs: 10 });
  for (const instance of all.slice(20, 30)) story.finish(instance);
  await story.persist(
    partition,
    [...all.slice(0, 10), ...all.slice(30)].map((instance) => snapshotOf(instance, { dueMs: 7 })),
  );
  await purgeAll(archive, story.nowMs + 10);
  return [...all.slice(0, 10), ...all.slice(20)];
}

async function check(archive: Archive, all: readonly Character[]): Promise<void> {
  const partition = archive.partition(0);
  await partition.opening(epoch);
  for (const instance of all) {
    assert.ok(partition.mayHave(instance.key));
    assert.equal(
      (await loadCharacter(partition, instance))?.kind,
      instance.entry.endMs > 0 ? "ended" : "snapshot",
    );
    assert.deepEqual(await historyOf(partition, instance), readable(instance.history), instance.key.id);
  }
  const { liveInstances } = await archive.figures();
  assert.equal(liveInstances, all.filter(({ entry }) => entry.endMs === 0).length);
  const { entries } = await archive.search({ ...plainSearch, limit: 1_000 });
  const expected = all.map(({ entry }) => entry);
  const byIncarnation = (one: (typeof entries)[number], other: (typeof entries)[number]): number =>
    one.incarnation - other.incarnation;
  assert.deepEqual([...entries].sort(byIncarnation), expected.sort(byIncarnation));
}
