import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { batchesFrom, type JournalUnderTest, Owner } from "../fixture.ts";

const services = [{ service: "workflow", partitions: 1 }];
const rounds = 200;

export function fencingTests(underTest: JournalUnderTest): void {
  describe("fencing", () => {
    it("rejects an append with a replaced epoch, and names the newer one", async () => {
      await using fixture = await underTest.open({ services });
      const partition = fixture.journal.partition("workflow", 0);
      const old = await Owner.of(partition, 1);
      await old.append("a");
      await Owner.of(partition, 4);
      const outcome = await old.append("b");
      assert.equal(outcome.kind, "fenced");
      assert.match(
        outcome.kind === "fenced" ? outcome.refusal.message : "",
        /Partition 0 of workflow has epoch 4, and this owner has epoch 1/,
      );
    });

    it("refuses to seal an epoch that is not newer", async () => {
      await using fixture = await underTest.open({ services });
      const partition = fixture.journal.partition("workflow", 0);
      await Owner.of(partition, 3);
      for (const epoch of [2, 3]) {
        const outcome = await partition.seal({ epoch, timeMs: 2_000_000_000_000, behaviour: 1 });
        assert.equal(outcome.kind, "fenced");
      }
    });

    it("throws for an append under an epoch without a seal, which is a bug of the owner", async () => {
      await using fixture = await underTest.open({ services });
      const partition = fixture.journal.partition("workflow", 0);
      const owner = new Owner(partition, 1);
      assert.throws(() => owner.append("a"), /an owner seals its epoch before it appends/);
    });

    it("accepts nothing from the old owner after the seal of a new one, even if both write at the same time", async () => {
      await using fixture = await underTest.open({ services });
      const partition = fixture.journal.partition("workflow", 0);
      let old = await Owner.of(partition, 1);
      for (let round = 0; round < rounds; round++) {
        const next = new Owner(partition, old.epoch + 1);
        const before = Array.from({ length: round % 3 }, () => old.append("before"));
        const sealing = next.seal();
        const after = Array.from({ length: 1 + (round % 2) }, () => old.append("after"));
        assert.ok((await Promise.all(before)).every(({ kind }) => kind === "durable"));
        assert.equal((await sealing).kind, "sealed");
        assert.ok((await Promise.all(after)).every(({ kind }) => kind === "fenced"));
        old = next;
      }
      let epoch = 0;
      for (const batch of await batchesFrom(partition)) {
        assert.ok(batch.epoch >= epoch, `batch ${batch.number} is of an older epoch than the one before`);
        if (batch.epoch > epoch) assert.ok(batch.seal, "an epoch starts with its seal");
        epoch = batch.epoch;
      }
    });

    it("fences across a restart", async () => {
      await using fixture = await underTest.open({ services });
      await Owner.of(fixture.journal.partition("workflow", 0), 7);
      const partition = (await fixture.reopen()).partition("workflow", 0);
      assert.equal(partition.last.epoch, 7);
      assert.equal((await new Owner(partition, 6).seal()).kind, "fenced");
      assert.equal((await new Owner(partition, 8).seal()).kind, "sealed");
    });
  });
}
