/** Blobs that records name are kept as long as their instances: they are mentioned in time. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "node:test";
import { type BlobMention, MemoryBlobs } from "@tutti/journal";
import { plainSearch } from "@tutti/journal/testing";
import { VirtualTime } from "@tutti/kernel/testing";
import { close, deposit, type open, withdraw } from "@tutti/machine-bank";
import type { AnyMachine } from "../src/machines/hosted-machine.ts";
import { accountKey, Bank, codeOf, idsIn } from "./bank.fixture.ts";
import { Poison, poisonedAccount } from "./poison.fixture.ts";

const [ada = "", bob = "", cyd = "", dan = ""] = idsIn(0, 4);

function hashOf(text: string): Uint8Array {
  return createHash("sha256").update(text).digest();
}

/** Returns an account that names a blob by its owner when it is opened, like an account with a photograph. */
function accountWithPhotograph(poison = new Poison()): AnyMachine {
  const machine = poisonedAccount(poison);
  for (const event of machine.events.filter(({ type }) => type === "account_opened"))
    Object.assign(event, { blobs: ({ owner }: Parameters<typeof open.codec.encode>[0]) => [hashOf(owner)] });
  return machine;
}

/** A store that can be out of reach. */
class Photographs extends MemoryBlobs {
  isUnavailable = false;

  override mention(mentions: readonly BlobMention[]): Promise<void> {
    return this.isUnavailable ? Promise.reject(new Error("out of reach")) : super.mention(mentions);
  }

  get mentioned(): readonly string[] {
    return [...this.store.mentions.values()].map(({ mention: { id, sha256, service, partition } }) => {
      assert.deepEqual(Buffer.from(sha256), Buffer.from(hashOf(id)));
      return `${service}/${partition} ${id}`;
    });
  }
}

async function bankWithPhotographs(poison = new Poison()): Promise<{ bank: Bank; blobs: Photographs }> {
  const blobs = new Photographs(new VirtualTime());
  const bank = new Bank({}, { machines: [accountWithPhotograph(poison)], blobs });
  await bank.start();
  return { bank, blobs };
}

describe("a blob that a record names", () => {
  it("is mentioned by the time the archive has the record", async () => {
    const { bank, blobs } = await bankWithPhotographs();
    await bank.open(ada, 1_000);
    await bank.execute(ada, deposit, { amountCents: 1 });
    await bank.time.advanceAsync(1_000);
    assert.deepEqual(blobs.mentioned, [`bank/0 ${ada}`]);
    assert.equal((await bank.time.settle(bank.archive.search(plainSearch))).entries.length, 1);
  });

  it("is mentioned after a restart when it was not before the crash", async () => {
    const { bank, blobs } = await bankWithPhotographs();
    await bank.open(ada, 1_000);
    bank.crash();
    assert.deepEqual(blobs.mentioned, []);
    await bank.start();
    assert.equal(await bank.time.settle(bank.runtime.mentioned(0)), true);
    assert.deepEqual(blobs.mentioned, [`bank/0 ${ada}`]);
  });

  it("is not mentioned if its instance has no retention", async () => {
    const blobs = new Photographs(new VirtualTime());
    const retentionOf = () => ({ keepMs: 0, idKeptMs: 0 });
    const bank = new Bank({}, { machines: [accountWithPhotograph()], blobs, retentionOf });
    await bank.start();
    await bank.open(ada, 0);
    await bank.execute(ada, close, {});
    await bank.open(bob, 0);
    await bank.time.advanceAsync(1_000);
    assert.deepEqual(blobs.mentioned, [`bank/0 ${bob}`]);
  });

  it("delays only the archiving of its record while the blob store is unavailable", async () => {
    const { bank, blobs } = await bankWithPhotographs();
    blobs.isUnavailable = true;
    await bank.open(ada, 1_000);
    await bank.time.advanceAsync(5_000);
    assert.equal(await bank.balanceOf(ada), 1_000);
    assert.deepEqual((await bank.time.settle(bank.archive.search(plainSearch))).entries, []);
    await assert.rejects(bank.runtime.mentioned(0), /out of reach/);
    blobs.isUnavailable = false;
    await bank.time.advanceAsync(10_000);
    assert.deepEqual(blobs.mentioned, [`bank/0 ${ada}`]);
    assert.equal((await bank.time.settle(bank.archive.search(plainSearch))).entries.length, 1);
  });

  it("is mentioned even if its instance fails later", async () => {
    const poison = new Poison();
    const { bank, blobs } = await bankWithPhotographs(poison);
    await bank.open(ada, 1_000);
    await bank.execute(ada, withdraw, { amountCents: 1 });
    bank.crash();
    poison.folds.add("account_opened");
    await bank.start();
    assert.equal(bank.runtime.quarantined().length, 1);
    await bank.time.settle(bank.runtime.mentioned(0));
    assert.deepEqual(blobs.mentioned, [`bank/0 ${ada}`]);
  });

  it("needs a blob store: a runtime without one cannot be created", () => {
    const bank = new Bank({}, { machines: [accountWithPhotograph()] });
    assert.throws(() => bank.create(), /a store of them/);
  });
});

describe("a partition that is not running here", () => {
  it("reports neither its mentions nor its kept instances", async () => {
    const { bank } = await bankWithPhotographs();
    await bank.time.settle(bank.runtime.disown(0));
    assert.equal(await bank.runtime.mentioned(0), false);
    assert.equal(await bank.runtime.checkExistence(0, [accountKey(ada)]), undefined);
  });
});

describe("kept instances", () => {
  it("are in memory, passivated, or ended but not yet removed", async () => {
    const { bank } = await bankWithPhotographs();
    for (const id of [ada, bob, cyd]) await bank.open(id, 0);
    await bank.execute(bob, close, {});
    const exist = () =>
      bank.time.settle(bank.runtime.checkExistence(0, [ada, bob, cyd, dan].map(accountKey)));
    assert.deepEqual(await exist(), [true, true, true, false]);
    await bank.time.advanceAsync(25_000);
    assert.equal(bank.isLoaded(ada), false);
    assert.equal(await codeOf(bank.time.settle(bank.submit(cyd, deposit, { amountCents: 1 }))), "done");
    assert.deepEqual(await exist(), [true, true, true, false]);
    await bank.time.advanceAsync(3_600_000);
    while (await bank.time.settle(bank.archive.purge(bank.time.now())));
    assert.deepEqual(await exist(), [true, false, true, false]);
  });
});
