/** Releases whose code fails on existing data, or outside deciding and folding. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { deposit, open, transfer, withdraw } from "@tutti/machine-bank";
import { type Bank, codeOf } from "./bank.fixture.ts";
import {
  ada,
  bob,
  crashAndStart,
  cyd,
  poisonedBank,
  quarantinedIds,
  remote,
  repair,
  reset,
  retry,
  skip,
  terminate,
} from "./poisoned-bank.fixture.ts";

describe("a release that cannot fold events of an earlier release", () => {
  async function written() {
    const { bank, poison } = await poisonedBank();
    await bank.execute(ada, deposit, { amountCents: 5 });
    await bank.execute(ada, withdraw, { amountCents: 100 });
    await bank.execute(ada, deposit, { amountCents: 50 });
    bank.crash();
    poison.folds.add(`money_withdrawn ${ada}`);
    await bank.start();
    return { bank, poison };
  }

  it("quarantines the instance, and the partition keeps running", async () => {
    const { bank } = await written();
    assert.deepEqual(quarantinedIds(bank), [ada]);
    assert.equal(await bank.balanceOf(bob), 1_000);
    assert.equal(await bank.codeOf(bank.submit(ada, deposit, { amountCents: 1 })), "runtime.quarantined");
  });

  it("is followed by a repaired release that restores everything", async () => {
    const { bank, poison } = await written();
    bank.crash();
    poison.cure();
    await bank.start();
    assert.deepEqual(quarantinedIds(bank), []);
    assert.equal(await bank.balanceOf(ada), 955);
  });

  it("stores messages durably for the repaired release", async () => {
    const { bank, poison } = await written();
    await bank.execute(remote, transfer, { to: ada, amountCents: 10 });
    await bank.time.advanceAsync(5_000);
    bank.crash();
    poison.cure();
    await bank.start();
    await bank.time.advanceAsync(5_000);
    if (quarantinedIds(bank).includes(ada)) await repair(bank, ada, retry);
    await bank.time.advanceAsync(5_000);
    assert.equal(await bank.balanceOf(ada), 965);
  });

  for (const [name, action, event, expected] of [
    ["set back before the event", reset, 2, 1_005],
    ["told to skip the event", skip, 0, 1_005],
  ] as const) {
    it(`continues after a restart if ${name}, and so does the repaired release`, async () => {
      const { bank, poison } = await written();
      await repair(bank, ada, action, event);
      assert.equal(await bank.balanceOf(ada), expected);
      await bank.execute(ada, deposit, { amountCents: 1 });
      await crashAndStart(bank);
      assert.deepEqual(quarantinedIds(bank), []);
      assert.equal(await bank.balanceOf(ada), expected + 1);
      assert.equal(await bank.balanceOf(bob), 1_000);
      bank.crash();
      poison.cure();
      await bank.start();
      assert.equal(await bank.balanceOf(ada), expected + 1);
    });
  }

  it("is terminated for good, also when it starts again", async () => {
    const { bank } = await written();
    await repair(bank, ada, terminate);
    await crashAndStart(bank);
    assert.equal(await bank.balanceOf(bob), 1_000);
    assert.notEqual(await bank.codeOf(bank.submit(ada, deposit, { amountCents: 1 })), "done");
  });
});

describe("code that fails outside of deciding and folding", () => {
  /** Checks that the other instances of the partition are not affected. */
  async function checkOthersUnaffected(bank: Bank): Promise<void> {
    assert.equal(await bank.codeOf(bank.submit(bob, deposit, { amountCents: 1 })), "done");
  }

  it("in making a new state refuses that command alone", async () => {
    const { bank, poison } = await poisonedBank();
    poison.creates.add(`create ${cyd}`);
    const other = codeOf(bank.submit(bob, deposit, { amountCents: 1 }));
    const code = codeOf(bank.submit(cyd, open, { owner: cyd, product: "", balanceCents: 0 }));
    assert.equal(await bank.time.settle(other), "done");
    assert.equal(await bank.time.settle(code), "runtime.never_began");
  });

  it("in describing quarantines only that instance", async () => {
    const { bank, poison } = await poisonedBank();
    poison.describes.add(`describe ${cyd}`);
    const other = codeOf(bank.submit(bob, deposit, { amountCents: 1 }));
    void bank.submit(cyd, open, { owner: cyd, product: "", balanceCents: 0 });
    assert.equal(await bank.time.settle(other), "done");
    await checkOthersUnaffected(bank);
  });

  it("in encoding a state loses nothing of other instances, and the journal is not cut before that state", async () => {
    const { bank, poison } = await poisonedBank({ tailBytesMax: 1 });
    poison.encodes.add(`encode ${cyd}`);
    await bank.execute(ada, deposit, { amountCents: 5 });
    await bank.open(cyd, 7);
    await bank.execute(bob, deposit, { amountCents: 5 });
    await bank.time.advanceAsync(30_000);
    await checkOthersUnaffected(bank);
    assert.deepEqual(quarantinedIds(bank), [cyd]);
    await crashAndStart(bank);
    assert.equal(await bank.balanceOf(ada), 1_005);
    assert.equal(await bank.balanceOf(bob), 1_006);
    bank.crash();
    poison.cure();
    await bank.start();
    assert.equal(await bank.balanceOf(cyd), 7);
  });

  it("in decoding a passivated state affects only that instance", async () => {
    const { bank, poison } = await poisonedBank();
    await bank.time.advanceAsync(25_000);
    assert.equal(bank.isLoaded(ada), false);
    poison.decodes.add(`decode ${ada}`);
    const other = codeOf(bank.submit(bob, deposit, { amountCents: 1 }));
    const code = codeOf(bank.submit(ada, deposit, { amountCents: 1 }));
    await bank.time.advanceAsync(30_000);
    assert.equal(await bank.time.settle(other), "done");
    assert.notEqual(await bank.time.settle(code), "done");
    await checkOthersUnaffected(bank);
    poison.cure();
  });

  it("in decoding a state that the journal continues from does not prevent the partition from loading", async () => {
    const { bank, poison } = await poisonedBank();
    await bank.time.advanceAsync(25_000);
    await bank.execute(ada, deposit, { amountCents: 1 });
    bank.crash();
    poison.decodes.add(`decode ${ada}`);
    bank.create();
    const started = bank.runtime.start();
    await bank.time.advanceAsync(30_000);
    await bank.time.settle(started);
    await checkOthersUnaffected(bank);
  });

  it("in recovering outstanding work does not prevent the partition from loading", async () => {
    const { bank, poison } = await poisonedBank();
    bank.crash();
    poison.recovers.add(`recover ${ada}`);
    bank.create();
    const started = bank.runtime.start();
    await bank.time.advanceAsync(30_000);
    await bank.time.settle(started);
    await checkOthersUnaffected(bank);
    assert.deepEqual(quarantinedIds(bank), [ada]);
  });
});
