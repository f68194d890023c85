import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { DueInstance, OutstandingInstance } from "../../archive/port.ts";
import { type ArchiveUnderTest, epoch } from "./fixture.ts";
import { stageOf } from "./stage.ts";
import { character, crowd, snapshotOf } from "./story.ts";

export function dueTests(underTest: ArchiveUnderTest): void {
  describe("the index of due and outstanding instances", () => {
    it("returns timers earliest first, in pages, up to a time", async () => {
      await using stage = await stageOf(underTest);
      const { partition, story } = stage;
      const all = crowd("sleeper", 50);
      story.write(...all);
      // Several at one moment, out of order, and some without.
      const dueOf = (index: number): number => (index % 5 === 0 ? 0 : 1_000 + ((index * 7) % 10) * 100);
      await partition.commit(
        epoch,
        story.changes(all.map((instance, index) => snapshotOf(instance, { dueMs: dueOf(index) }))),
      );
      const expected = all
        .map(({ incarnation, key }, index) => ({ dueMs: dueOf(index), incarnation, key }))
        .filter(({ dueMs }) => dueMs > 0 && dueMs <= 1_500)
        .sort((one, other) => one.dueMs - other.dueMs || one.incarnation - other.incarnation);
      const found: DueInstance[] = [];
      for (;;) {
        const page = await partition.due(1_500, 7, found.at(-1));
        found.push(...page);
        if (page.length < 7) break;
      }
      assert.deepEqual(found, expected);
      assert.ok(expected.length > 14);
      assert.equal(await partition.nextDueMs(), expected[0]?.dueMs);
      assert.equal(await stage.archive.partition(1).nextDueMs(), undefined);
    });

    it("moves a timer with its snapshot, and forgets it with the end", async () => {
      await using stage = await stageOf(underTest);
      const { partition, story } = stage;
      const [ann, bob] = [character("ann"), character("bob")];
      story.write(ann, bob);
      await partition.commit(
        epoch,
        story.changes([snapshotOf(ann, { dueMs: 10 }), snapshotOf(bob, { dueMs: 20 })]),
      );
      assert.equal(await partition.nextDueMs(), 10);
      story.write(ann);
      await partition.commit(epoch, story.changes([snapshotOf(ann, { dueMs: 30 })]));
      assert.equal(await partition.nextDueMs(), 20);
      story.finish(bob);
      await partition.commit(epoch, story.changes());
      assert.deepEqual(await partition.due(100, 10), [{ dueMs: 30, incarnation: 1, key: ann.key }]);
      story.write(ann);
      await partition.commit(epoch, story.changes([snapshotOf(ann)]));
      assert.equal(await partition.nextDueMs(), undefined);
    });

    it("returns instances with outstanding effects in order of incarnation, in pages", async () => {
      await using stage = await stageOf(underTest);
      const { partition, story } = stage;
      const all = crowd("worker", 30);
      story.write(...all);
      const snapshots = all.map((instance, index) => snapshotOf(instance, { outstanding: index % 2 === 0 }));
      await partition.commit(epoch, story.changes(snapshots.reverse()));
      const expected = all.filter((_, index) => index % 2 === 0);
      const fieldsOf = ({ incarnation, snapshot }: OutstandingInstance) => [incarnation, [...snapshot]];
      const first = await partition.outstanding(0, 10);
      assert.deepEqual(
        first.map(fieldsOf),
        expected.slice(0, 10).map((instance) => fieldsOf(snapshotOf(instance))),
      );
      const rest = await partition.outstanding(expected[9]?.incarnation ?? 0, 10);
      assert.deepEqual(
        rest.map(fieldsOf),
        expected.slice(10).map((instance) => fieldsOf(snapshotOf(instance))),
      );
      assert.deepEqual(await partition.outstanding(expected.at(-1)?.incarnation ?? 0, 10), []);
      const [one] = expected;
      assert.ok(one !== undefined);
      story.write(one);
      await partition.commit(epoch, story.changes([snapshotOf(one)]));
      const [next] = await partition.outstanding(0, 1);
      assert.equal(next?.incarnation, expected[1]?.incarnation);
    });

    it("limits the bytes of a page if states are large, and omits none", async () => {
      await using stage = await stageOf(underTest);
      const { partition, story } = stage;
      const all = crowd("worker", 9);
      story.write(...all);
      const snapshot = new Uint8Array(400 * 1024).fill(7);
      const large = all.map((instance) => ({ ...snapshotOf(instance, { outstanding: true }), snapshot }));
      await partition.commit(epoch, story.changes(large));
      const sizes: number[] = [];
      const found: number[] = [];
      for (;;) {
        const page = await partition.outstanding(found.at(-1) ?? 0, 100);
        if (page.length === 0) break;
        sizes.push(page.length);
        found.push(...page.map(({ incarnation }) => incarnation));
      }
      assert.deepEqual(
        found,
        all.map(({ incarnation }) => incarnation),
      );
      assert.ok(
        sizes.every((size) => size <= 3),
        `${sizes}`,
      );
    });
  });
}
