/**
 * The index contains everything that was durable at the time of a list, without waiting for the ticks of the archiver.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { plainSearch } from "@tutti/journal/testing";
import { close } from "@tutti/machine-bank";
import { Bank, idsIn, partitions } from "./bank.fixture.ts";

const [ada = "", ...others] = idsIn(0, 40);
const indexEveryMs = 1_000;

async function openBank(): Promise<Bank> {
  const bank = new Bank({ indexEveryMs });
  await bank.start();
  return bank;
}

/** Lists the instances now: id and events. */
async function listed(bank: Bank): Promise<Record<string, number>> {
  await bank.time.settle(bank.runtime.indexed());
  const { entries } = await bank.time.settle(bank.archive.search({ ...plainSearch, limit: 1_000 }));
  return Object.fromEntries(entries.map(({ key, events }) => [key.id, events]));
}

describe("the index after a change", () => {
  it("lists started and ended instances without waiting for the next tick", async () => {
    const bank = await openBank();
    const startMs = bank.time.now();
    await bank.open(ada, 0);
    assert.deepEqual(await listed(bank), { [ada]: 1 });
    await bank.execute(ada, close, {});
    assert.deepEqual(await listed(bank), { [ada]: 2 });
    assert.ok(bank.time.now() - startMs < indexEveryMs, "no tick of the archive was waited for");
  });

  it("lists the instances of all partitions", async () => {
    const bank = await openBank();
    const ids = Array.from({ length: partitions }, (_, partition) => idsIn(partition, 3)).flat();
    await bank.time.settle(Promise.all(ids.map((id) => bank.open(id, 1))));
    assert.deepEqual(Object.keys(await listed(bank)).sort(), ids.sort());
  });

  it("is up to date at once if no change is pending", async () => {
    const bank = await openBank();
    await bank.open(ada, 0);
    await listed(bank);
    const beforeMs = bank.time.now();
    await bank.time.settle(bank.runtime.indexed());
    assert.equal(bank.time.now(), beforeMs);
  });

  it("shares one commit among concurrent lists", async () => {
    const bank = await openBank();
    let commits = 0;
    bank.archivePass = async (operation) => {
      if (operation === "commit") commits++;
    };
    await bank.time.settle(Promise.all(others.slice(0, 20).map((id) => bank.open(id, 1))));
    await bank.time.settle(Promise.all(Array.from({ length: 50 }, () => bank.runtime.indexed())));
    assert.equal(commits, 1);
  });

  it("includes changes that became durable during an earlier commit", async () => {
    const bank = await openBank();
    const barrier = Promise.withResolvers<void>();
    const first = Promise.withResolvers<void>();
    bank.archivePass = async (operation) => {
      if (operation !== "commit") return;
      first.resolve();
      await barrier.promise;
    };
    await bank.open(ada, 0);
    const before = bank.runtime.indexed();
    await bank.time.settle(first.promise);
    const [bob = ""] = others;
    await bank.open(bob, 1);
    const after = bank.runtime.indexed();
    barrier.resolve();
    await bank.time.settle(before);
    await bank.time.settle(after);
    assert.deepEqual(Object.keys(await listed(bank)).sort(), [ada, bob].sort());
  });

  it("waits until a commit that failed is done after all", async () => {
    const bank = await openBank();
    let failures = 3;
    bank.archiveFault = (operation) => (operation === "commit" && failures-- > 0 ? "lost" : undefined);
    await bank.open(ada, 0);
    assert.deepEqual(await listed(bank), { [ada]: 1 });
    assert.ok(failures <= 0);
  });

  it("blocks no caller when the partition is released", async () => {
    const bank = await openBank();
    bank.archivePass = () => new Promise(() => {});
    await bank.open(ada, 0);
    let isAnswered = false;
    const pending = bank.runtime.indexed().then(() => {
      isAnswered = true;
    });
    await bank.time.advanceAsync(10);
    assert.equal(isAnswered, false);
    void bank.runtime.stop();
    await bank.time.settle(pending);
  });
});
