/** The partition owner of a single process: the epochs of its partitions, and its notifications. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { silentLogger } from "@tutti/kernel";
import { seededChance } from "@tutti/kernel/testing";
import { SolePartitionOwner } from "../src/ownership/index.ts";
import { Bank, partitions } from "./bank.fixture.ts";

describe("the partition owner of a process that is alone", () => {
  it("reports for each partition whether a process owned it before", async () => {
    const bank = new Bank();
    const epochsOfProcess = async (): Promise<readonly number[]> => {
      bank.create();
      const partitionOwner = new SolePartitionOwner(partitions, {
        ...{ timers: bank.time, chance: seededChance(1), logger: silentLogger },
        ...{ process: "alone", address: () => "" },
      });
      const epochs: number[] = [];
      partitionOwner.host(bank.runtime);
      partitionOwner.onOwner((service, partition) =>
        epochs.push(partitionOwner.ownerOf(service, partition).epoch),
      );
      await bank.time.settle(partitionOwner.start({ signal: new AbortController().signal }));
      for (const { partition, owner, service } of partitionOwner.ownerships())
        assert.equal(partitionOwner.epochOf(service, partition), owner?.epoch);
      return epochs;
    };
    assert.deepEqual(await epochsOfProcess(), [1, 1, 1, 1]);
    for (let restart = 0; restart < 2; restart++) {
      bank.crash();
      assert.deepEqual(await epochsOfProcess(), [2, 2, 2, 2]);
    }
  });
});
