import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { MemoryArchive } from "@tutti/journal";
import { latch } from "@tutti/kernel/testing";
import { deposit } from "@tutti/machine-bank";
import { Bank, codeOf, idsIn, partitions } from "./bank.fixture.ts";

const [ada = ""] = idsIn(0, 1);

async function bankWithAda(): Promise<Bank> {
  const bank = new Bank();
  await bank.start();
  await bank.open(ada, 1_000);
  return bank;
}

/**
 * Two processes on one journal and one archive. The second one takes partition 0 while the first has data to archive.
 */
async function twoOwners() {
  const bank = await bankWithAda();
  const old = bank.runtime;
  const { journal } = bank;
  bank.create({}, { journals: { journal, renew: async () => journal } });
  const next = bank.runtime;
  await bank.time.settle(next.own(0, journal.partition("bank", 0).last.epoch + 1));
  bank.runtime = old;
  return { bank, next };
}

describe("an owner whose archive another process has opened", () => {
  it("loses the partition at its next archive commit, and changes nothing", async () => {
    const { bank, next } = await twoOwners();
    bank.runtime = next;
    await bank.execute(ada, deposit, { amountCents: 5 });
    await bank.time.advanceAsync(60_000);
    assert.deepEqual(bank.lost, [0]);
    assert.equal(await bank.balanceOf(ada), 1_005);
    // Restored from the archive.
    bank.crash();
    await bank.start();
    assert.equal(await bank.balanceOf(ada), 1_005);
  });

  it("reports an unknown outcome to the waiting caller", async () => {
    const bank = await bankWithAda();
    const commit = latch();
    bank.archivePass = (operation) => (operation === "commit" ? commit.opened : Promise.resolve());
    await bank.time.advanceAsync(2_000);
    bank.commits.hold();
    const waiting = codeOf(bank.submit(ada, deposit, { amountCents: 5 }));
    await bank.time.flush();
    const source = (partition: number) => bank.journal.partition("bank", partition);
    const other = new MemoryArchive({ partitions, source, clock: bank.time, store: bank.archiveStore });
    await bank.time.settle(other.partition(0).opening(Number.MAX_SAFE_INTEGER));
    commit.open();
    await bank.time.flush();
    assert.deepEqual(bank.lost, [0]);
    assert.equal(await bank.time.settle(waiting), "runtime.outcome_unknown");
    assert.equal(await bank.codeOf(bank.queryBalance(ada)), "mesh.not_owner");
  });
});
