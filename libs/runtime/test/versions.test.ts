/**
 * Data of an older release is read by the newer one. Data of a newer release is quarantined by the older, not misread.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Record } from "@tutti/contracts/runtime/v1";
import { account, close, deposit, withdraw } from "@tutti/machine-bank";
import { carelessRelease } from "@tutti/machine-bank/testing";
import { accountKey, Bank, idsIn } from "./bank.fixture.ts";
import { firstRelease } from "./older-release.fixture.ts";

const [ada = "", bob = ""] = idsIn(0, 2);

const today = { machines: [account] };

async function writtenBy(machine: typeof firstRelease): Promise<Bank> {
  const bank = new Bank();
  await bank.start({}, { machines: [machine] });
  await bank.open(ada, 1_000);
  return bank;
}

async function upgrade(bank: Bank, machines: { readonly machines: (typeof firstRelease)[] }): Promise<void> {
  bank.crash();
  await bank.start({}, machines);
}

describe("a journal that an older release wrote", () => {
  it("is read with each event upgraded, and new events follow", async () => {
    const bank = await writtenBy(firstRelease);
    await upgrade(bank, today);
    assert.equal(await bank.balanceOf(ada), 1_000);
    await bank.execute(ada, deposit, { amountCents: 5 });
    await bank.open(bob, 7);
    const records = await bank.time.settle(bank.runtime.history(accountKey(ada), 0, 10));
    const names = records
      .map(({ record }) => Record.decode(record))
      .map(({ type, version }) => `${type} ${version}`);
    assert.deepEqual(names, ["account_opened 1", "money_deposited 1"]);
    const { projection } = await bank.time.settle(bank.runtime.stateAt(accountKey(ada), 1));
    assert.equal((projection as { product: string }).product, "current");
    await upgrade(bank, today);
    assert.equal(await bank.balanceOf(ada), 1_005);
  });

  it("is read behind snapshots of its version, and they are written again in today's", async () => {
    const bank = await writtenBy(firstRelease);
    await bank.time.advanceAsync(25_000);
    await bank.execute(ada, withdraw, { amountCents: 100 });
    await upgrade(bank, today);
    assert.equal(await bank.balanceOf(ada), 900);
    await bank.execute(ada, deposit, { amountCents: 5 });
    await bank.time.advanceAsync(25_000);
    assert.equal(bank.isLoaded(ada), false);
    await upgrade(bank, today);
    assert.equal(await bank.balanceOf(ada), 905);
    // This state cannot be expressed in whole units.
    const { projection } = await bank.time.settle(bank.runtime.stateAt(accountKey(ada), 0));
    assert.equal((projection as { balanceCents: number }).balanceCents, 905);
  });

  it("has accounts that ended, as snapshots and as histories, and both are read", async () => {
    for (const smallEvents of [1, 64]) {
      const bank = new Bank({ smallEvents });
      await bank.start({}, { machines: [firstRelease] });
      await bank.open(ada, 0);
      await bank.execute(ada, close, {});
      await bank.time.advanceAsync(25_000);
      await upgrade(bank, today);
      assert.equal(await bank.codeOf(bank.submit(ada, deposit, { amountCents: 1 })), "bank.account_closed");
    }
  });
});

describe("a journal with events that this release does not know, although its behaviour was not raised", () => {
  it("quarantines an instance that this release cannot read, and everything else continues", async () => {
    const bank = await writtenBy(carelessRelease);
    await bank.open(bob, 50);
    await bank.execute(ada, deposit, { amountCents: 5 });
    await upgrade(bank, today);
    assert.equal(await bank.balanceOf(bob), 50);
    assert.equal(await bank.codeOf(bank.submit(ada, deposit, { amountCents: 1 })), "runtime.quarantined");
    assert.match(
      bank.runtime.quarantined()[0]?.quarantine?.reason.error?.message ?? "",
      /money_deposited version 2/,
    );
    await upgrade(bank, { machines: [carelessRelease] });
    assert.deepEqual(bank.runtime.quarantined(), []);
    assert.equal(await bank.balanceOf(ada), 1_005);
  });

  it("quarantines instances with unknown snapshots, and leaves the snapshots unchanged", async () => {
    const bank = await writtenBy(carelessRelease);
    await bank.open(bob, 50);
    await bank.time.advanceAsync(25_000);
    await upgrade(bank, today);
    assert.equal(await bank.codeOf(bank.submit(ada, deposit, { amountCents: 1 })), "runtime.quarantined");
    await bank.time.advanceAsync(25_000);
    await upgrade(bank, { machines: [carelessRelease] });
    assert.equal(await bank.balanceOf(ada), 1_000);
  });
});

describe("a kind that this release does not host", () => {
  it("leaves its journal records in place for a release that hosts it", async () => {
    const bank = await writtenBy(account);
    await upgrade(bank, { machines: [{ ...account, kind: "vault" }] });
    assert.equal(bank.runtime.partitionStatuses()[0]?.loaded, 0);
    await bank.time.advanceAsync(25_000);
    await upgrade(bank, today);
    assert.equal(await bank.balanceOf(ada), 1_000);
  });

  it("leaves its snapshots and timers in place", async () => {
    const bank = await writtenBy(account);
    await bank.time.advanceAsync(25_000);
    await upgrade(bank, { machines: [{ ...account, kind: "vault" }] });
    assert.equal(await bank.codeOf(bank.queryBalance(ada)), "runtime.unknown_instance");
    await bank.time.advanceAsync(25_000);
    await upgrade(bank, today);
    assert.equal(await bank.balanceOf(ada), 1_000);
  });
});
