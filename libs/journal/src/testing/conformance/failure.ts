import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { batchesFrom, type JournalUnderTest, Owner } from "../fixture.ts";

const services = [{ service: "workflow", partitions: 2 }];

export function failureTests(underTest: JournalUnderTest): void {
  describe("failure", () => {
    it("returns unknown when a commit fails, rejects everything after it, and shows the written batches after a restart", async () => {
      await using fixture = await underTest.open({ services });
      assert.ok(fixture.fail !== undefined);
      const owner = await Owner.of(fixture.journal.partition("workflow", 0));
      assert.equal((await owner.append("kept")).kind, "durable");
      fixture.fail("unknown");
      const outcome = await owner.append("unknown");
      assert.equal(outcome.kind, "unknown");
      if (outcome.kind === "unknown") {
        assert.equal(outcome.refusal.retry, "same-key");
        assert.match(outcome.refusal.message, /its outcome is unknown/);
      }
      const later = await Promise.all([
        owner.append("later"),
        Owner.of(fixture.journal.partition("workflow", 1)).then(
          () => "sealed",
          () => "refused",
        ),
      ]);
      const other = underTest.logPerPartition === true ? "sealed" : "refused";
      assert.deepEqual([later[0].kind, later[1]], ["stopped", other]);
      const partition = (await fixture.reopen()).partition("workflow", 0);
      assert.ok(partition.last.number === 2 || partition.last.number === 3);
      const nextOwner = await Owner.of(partition);
      assert.equal((await batchesFrom(partition)).length, nextOwner.next - 1);
    });

    it("rejects a commit and all that follow when the disk is full, and continues when there is space", async () => {
      await using fixture = await underTest.open({ services });
      assert.ok(fixture.fail !== undefined);
      const owner = await Owner.of(fixture.journal.partition("workflow", 0));
      fixture.fail("full");
      const outcomes = await Promise.all([
        owner.append(new Uint8Array(50_000)),
        owner.append(new Uint8Array(50_000)),
      ]);
      for (const outcome of outcomes) {
        assert.equal(outcome.kind, "full");
        if (outcome.kind === "full") assert.match(outcome.refusal.message, /Free disk space/);
      }
      assert.equal(owner.partition.last.number, 1);
      fixture.freeRoom?.();
      assert.equal((await owner.append("again", 2)).kind, "durable");
      const partition = (await fixture.reopen()).partition("workflow", 0);
      assert.equal((await batchesFrom(partition)).length, 2);
    });
  });
}
