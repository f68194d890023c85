/**
 * Work that is paused when its partition is loaded: none of it starts before it is released, even after other events in
 * between.
 */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { WorkReleased } from "@tutti/contracts/runtime/v1";
import { account, completeStatement, deposit, open, placeHold, requestStatement } from "@tutti/machine-bank";
import { Bank, idsIn, partitions, tester } from "./bank.fixture.ts";

const [ada = "", bob = "", ...others] = idsIn(0, 102);
const everything: WorkReleased = { namespace: "", share: 100 };
const incident = { pause: "incident-7" };

function release(bank: Bank, released: WorkReleased = everything) {
  return bank.time.settle(bank.runtime.release(0, released, tester));
}

async function again(bank: Bank, overrides = {}): Promise<void> {
  bank.crash();
  bank.dispatched.length = 0;
  await bank.start({}, overrides);
  await bank.time.advanceAsync(1);
}

/** A statement is requested, and a hold ends in a minute. Then the process dies, and comes back paused. */
async function pausedBank(): Promise<Bank> {
  const bank = new Bank();
  await bank.start();
  await bank.open(ada, 100);
  await bank.do(ada, requestStatement, {});
  await bank.do(ada, placeHold, { amountCents: 40, periodMs: 60_000 });
  await again(bank, incident);
  return bank;
}

async function heldCents(bank: Bank, id = ada): Promise<number> {
  return (await bank.time.settle(bank.askBalance(id))).heldCents;
}

describe("a partition that is loaded with a pause", () => {
  it("starts no effect and lets no timer expire, however long it lasts", async () => {
    const bank = await pausedBank();
    await bank.time.advanceAsync(3_600_000);
    assert.deepEqual(bank.dispatched, []);
    assert.equal(await heldCents(bank), 40);
    const [first] = bank.runtime.pauses();
    assert.deepEqual([first?.pause?.name, first?.pause?.over], ["incident-7", false]);
    assert.equal(bank.runtime.pauses().length, partitions);
  });

  it("takes commands and answers questions meanwhile", async () => {
    const bank = await pausedBank();
    await bank.do(ada, deposit, { amountCents: 5 });
    await bank.open(bob, 7);
    await bank.do(bob, requestStatement, {});
    assert.deepEqual([await bank.balanceOf(ada), await bank.balanceOf(bob)], [65, 7]);
    assert.deepEqual(bank.dispatched, []);
  });

  it("does what was held back when it is released, each thing once", async () => {
    const bank = await pausedBank();
    await bank.open(bob, 7);
    await bank.do(bob, requestStatement, {});
    await bank.time.advanceAsync(120_000);
    assert.equal((await release(bank))?.over, true);
    await bank.time.advanceAsync(1);
    assert.deepEqual(bank.dispatched.map(({ key }) => key.id).sort(), [ada, bob].sort());
    assert.equal(await heldCents(bank), 0);
    const [{ token } = assert.fail("it was begun")] = bank.dispatched;
    assert.equal(await bank.settle(token, completeStatement, { pages: 1 }), "done");
    await release(bank);
    assert.equal(bank.dispatched.length, 2);
  });

  it("starts an effect that is requested and released in one turn once", async () => {
    const bank = await pausedBank();
    bank.commits.hold();
    const wanted = [bank.submit(bob, open, { owner: bob, product: "", balanceCents: 1 })];
    await bank.time.flush();
    wanted.push(bank.submit(bob, requestStatement, {}));
    const released = bank.runtime.release(0, everything, tester);
    await bank.time.flush();
    bank.commits.open();
    await bank.time.settle(Promise.all([...wanted, released]));
    await bank.time.advanceAsync(1);
    assert.deepEqual(bank.dispatched.map(({ key }) => key.id).sort(), [ada, bob].sort());
  });

  it("is as it was after a crash, with or without being reported again, from the journal and from the archive", async () => {
    for (const overrides of [incident, {}])
      for (const limits of [{}, { tailBytesMax: 1, idleMs: 1 }]) {
        const bank = new Bank(limits);
        await bank.start();
        await bank.open(ada, 100);
        await bank.do(ada, requestStatement, {});
        await again(bank, incident);
        await bank.time.advanceAsync(60_000);
        await again(bank, overrides);
        assert.deepEqual(bank.dispatched, []);
        await release(bank);
        await bank.time.advanceAsync(60_000);
        bank.dispatched.length = 0;
        await again(bank, overrides);
        assert.equal(bank.dispatched.length, 1, "what was released stays so");
      }
  });

  it("is paused again by another name", async () => {
    const bank = await pausedBank();
    await release(bank);
    await again(bank, { pause: "incident-8" });
    assert.deepEqual(bank.dispatched, []);
    assert.equal(bank.runtime.pauses()[0]?.pause?.name, "incident-8");
  });

  it("releases a namespace alone", async () => {
    const bank = await pausedBank();
    assert.equal((await release(bank, { namespace: "shop", share: 100 }))?.over, false);
    await bank.time.advanceAsync(1);
    assert.deepEqual(bank.dispatched, []);
    assert.equal((await release(bank, { namespace: "default", share: 100 }))?.over, false);
    await bank.time.advanceAsync(1);
    assert.equal(bank.dispatched.length, 1);
  });

  it("releases shares, each with those of the one before", async () => {
    const bank = await pausedBank();
    for (const id of others) {
      await bank.open(id, 0);
      await bank.do(id, requestStatement, {});
    }
    const begun = new Set<string>();
    for (const share of [10, 30, 20, 99]) {
      const before = new Set(begun);
      await release(bank, { namespace: "", share });
      await bank.time.advanceAsync(1);
      for (const { key } of bank.dispatched.splice(0)) {
        assert.equal(begun.has(key.id), false, "begun once");
        begun.add(key.id);
      }
      if (share === 20) assert.deepEqual(begun, before);
      else assert.ok(Math.abs(begun.size - share) <= 12, `${begun.size} of 101 at a share of ${share}`);
    }
    await release(bank);
    await bank.time.advanceAsync(1);
    assert.equal(begun.size + bank.dispatched.length, others.length + 1);
  });

  it("wakes nothing that sleeps before something is released, and all of it then", async () => {
    const bank = new Bank({ idleMs: 10, tailBytesMax: 1 });
    await bank.start();
    await bank.open(ada, 100);
    await bank.do(ada, placeHold, { amountCents: 40, periodMs: 60_000 });
    await bank.time.advanceAsync(30_000);
    assert.equal(bank.isLoaded(ada), false);
    await again(bank, incident);
    await bank.time.advanceAsync(600_000);
    assert.equal(bank.isLoaded(ada), false);
    await release(bank);
    await bank.time.advanceAsync(1_000);
    assert.equal(await heldCents(bank), 0);
  });

  it("lets machines continue that do no work themselves", async () => {
    const bank = new Bank();
    await bank.start();
    await bank.open(ada, 100);
    await bank.do(ada, requestStatement, {});
    await again(bank, { ...incident, machines: [{ ...account, goesOnPaused: true }] });
    assert.equal(bank.dispatched.length, 1);
  });
});
