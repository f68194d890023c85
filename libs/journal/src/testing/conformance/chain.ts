import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { Batch } from "@tutti/contracts/runtime/v1";
import { crc32 } from "../../batch/crc32.ts";
import { batchesFrom, type JournalUnderTest, Owner } from "../fixture.ts";

const services = [{ service: "workflow", partitions: 3 }];

export function chainTests(underTest: JournalUnderTest): void {
  describe("chain", () => {
    it("consists of the hashes of the contract's encoding, so that anyone with the contract can verify it", async () => {
      await using fixture = await underTest.open({ services });
      const owner = await Owner.of(fixture.journal.partition("workflow", 2), 9);
      const hashes = [owner.partition.last.hash];
      for (let count = 0; count < 10; count++) {
        await owner.append(`record ${count}`);
        hashes.push(owner.partition.last.hash);
      }
      let previousHash = new Uint8Array();
      for (const [index, batch] of (await batchesFrom(owner.partition)).entries()) {
        assert.deepEqual(Uint8Array.from(batch.previousHash), previousHash);
        const { number, epoch, timeMs, behaviour, seal, records } = batch;
        const encoded = Batch.encode({
          header: {
            service: "workflow",
            partition: 2,
            epoch,
            number,
            timeMs,
            behaviour,
            previousHash,
            checksum: crc32(records),
            seal,
          },
          records: Batch.decode(records).records,
        }).finish();
        // The checksum of no records is 0, which the generated code leaves out and the journal writes.
        if (!seal) previousHash = new Uint8Array(createHash("sha256").update(encoded).digest());
        else previousHash = Uint8Array.from(hashes[index] ?? []);
        assert.deepEqual(Uint8Array.from(hashes[index] ?? []), previousHash);
      }
    });

    it("returns the hash of each partition's last batch at any time, for any number of appends since", async () => {
      await using fixture = await underTest.open({ services });
      const { journal } = fixture;
      const owners = await Promise.all(
        [0, 1, 2].map((number) => Owner.of(journal.partition("workflow", number), 9)),
      );
      // In turn single appends, groups, and several of one partition. The hash is requested of all, some, or none.
      const hashes = new Map<string, Uint8Array>();
      for (let round = 0; round < 24; round++) {
        const appending = owners.filter((_, index) => round % (index + 2) !== 0);
        await Promise.all(
          appending.flatMap((owner) =>
            Array.from({ length: 1 + (round % 3) }, () => owner.append(`record ${round}`)),
          ),
        );
        for (const { partition } of owners.slice(round % 4)) {
          const { number, hash } = partition.last;
          hashes.set(`${partition.partition}/${number}`, hash);
        }
      }
      for (const { partition } of owners) {
        for (const { number, previousHash } of await batchesFrom(partition)) {
          const expected = hashes.get(`${partition.partition}/${number - 1}`);
          if (expected !== undefined)
            assert.deepEqual(Uint8Array.from(expected), Uint8Array.from(previousHash));
        }
      }
    });
  });
}
