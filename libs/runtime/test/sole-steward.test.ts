/** The steward of a process that is alone: which epoch its partitions are in, and who hears of it. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { silentLogger } from "@tutti/kernel";
import { seededChance } from "@tutti/kernel/testing";
import { SoleSteward } from "../src/ownership/index.ts";
import { Bank, partitions } from "./bank.fixture.ts";

describe("the steward of a process that is alone", () => {
  it("says of each partition whether a process owned it before", async () => {
    const bank = new Bank();
    const epochsOfProcess = async (): Promise<readonly number[]> => {
      bank.make();
      const steward = new SoleSteward(partitions, {
        ...{ timers: bank.time, chance: seededChance(1), logger: silentLogger },
        ...{ process: "alone", address: () => "" },
      });
      const heard: number[] = [];
      steward.host(bank.runtime);
      steward.onOwner((service, partition) => heard.push(steward.ownerOf(service, partition).epoch));
      await bank.time.settle(steward.start({ signal: new AbortController().signal }));
      for (const { partition, owner, service } of steward.ownerships())
        assert.equal(steward.epochOf(service, partition), owner?.epoch);
      return heard;
    };
    assert.deepEqual(await epochsOfProcess(), [1, 1, 1, 1]);
    for (let restart = 0; restart < 2; restart++) {
      bank.crash();
      assert.deepEqual(await epochsOfProcess(), [2, 2, 2, 2]);
    }
  });
});
