import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { journalErrors } from "../../errors.ts";
import { batchesFrom, type JournalUnderTest, Owner } from "../fixture.ts";

const workflow = { service: "workflow", partitions: 2 };

export function lifeTests(underTest: JournalUnderTest): void {
  describe("life", () => {
    it("has all batches after it is closed and reopened", async () => {
      await using fixture = await underTest.open({ services: [workflow] });
      const owner = await Owner.of(fixture.journal.partition("workflow", 1));
      for (let count = 0; count < 10; count++) await owner.append(`record ${count}`);
      const before = await batchesFrom(owner.partition);
      const { last } = owner.partition;
      const partition = (await fixture.reopen()).partition("workflow", 1);
      assert.deepEqual(partition.last, last);
      const plain = (batches: typeof before) =>
        batches.map(({ records, previousHash, ...rest }) => ({
          ...rest,
          records: Uint8Array.from(records),
          previousHash: Uint8Array.from(previousHash),
        }));
      assert.deepEqual(plain(await batchesFrom(partition)), plain(before));
    });

    it("answers appends in progress when it is closed, and rejects later ones", async () => {
      await using fixture = await underTest.open({ services: [workflow] });
      const owner = await Owner.of(fixture.journal.partition("workflow", 0));
      const under = [owner.append("a")];
      // The first has left by now, the others wait for it.
      for (let turn = 0; turn < 10; turn++) await Promise.resolve();
      under.push(owner.append("b"), owner.append("c"));
      const closed = fixture.journal.close();
      const late = await owner.append("late");
      assert.deepEqual(
        (await Promise.all(under)).map(({ kind }) => kind),
        ["durable", "durable", "durable"],
      );
      assert.equal(late.kind, "stopped");
      await closed;
      await fixture.journal.close();
    });

    it("adds a new service, and leaves the existing one unchanged", async () => {
      await using fixture = await underTest.open({ services: [workflow] });
      const owner = await Owner.of(fixture.journal.partition("workflow", 1));
      await owner.append("a");
      const { last } = owner.partition;
      const journal = await fixture.reopen([workflow, { service: "swarm", partitions: 3 }]);
      assert.deepEqual(
        journal.partitions.map(({ service, partition }) => `${service}/${partition}`),
        ["workflow/0", "workflow/1", "swarm/0", "swarm/1", "swarm/2"],
      );
      assert.deepEqual(journal.partition("workflow", 1).last, last);
      const swarm = await Owner.of(journal.partition("swarm", 2));
      await swarm.append("b");
      assert.equal((await batchesFrom(journal.partition("workflow", 1))).length, 2);
      assert.equal((await batchesFrom(swarm.partition)).length, 2);
    });

    it("refuses another number of partitions than at its creation", async () => {
      await using fixture = await underTest.open({ services: [workflow] });
      await assert.rejects(
        () => fixture.reopen([{ service: "workflow", partitions: 4 }]),
        (error: unknown) => {
          assert.ok(journalErrors.partitionsDiffer.is(error));
          assert.match(error.message, /has 2 partitions of workflow, and the configuration has 4/);
          return true;
        },
      );
    });
  });
}
