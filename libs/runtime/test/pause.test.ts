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

async function restart(bank: Bank, overrides = {}): Promise<void> {
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
  await bank.execute(ada, requestStatement, {});
  await bank.execute(ada, placeHold, { amountCents: 40, periodMs: 60_000 });
  await restart(bank, incident);
  return bank;
}

async function heldCents(bank: Bank, id = ada): Promise<number> {
  return (await bank.time.settle(bank.queryBalance(id))).heldCents;
}

describe("a partition that is loaded with a pause", () => {
  it("starts no effect and expires no timer, however long the pause lasts", async () => {
    const bank = await pausedBank();
    await bank.time.advanceAsync(3_600_000);
    assert.deepEqual(bank.dispatched, []);
    assert.equal(await heldCents(bank), 40);
    const [first] = bank.runtime.pauses();
    assert.deepEqual([first?.pause?.name, first?.pause?.over], ["incident-7", false]);
    assert.equal(bank.runtime.pauses().length, partitions);
  });

  it("accepts commands and answers queries during the pause", async () => {
    const bank = await pausedBank();
    await bank.execute(ada, deposit, { amountCents: 5 });
    await bank.open(bob, 7);
    await bank.execute(bob, requestStatement, {});
    assert.deepEqual([await bank.balanceOf(ada), await bank.balanceOf(bob)], [65, 7]);
    assert.deepEqual(bank.dispatched, []);
  });

  it("runs each delayed effect and timer once after the release", async () => {
    const bank = await pausedBank();
    await bank.open(bob, 7);
    await bank.execute(bob, requestStatement, {});
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

  it("starts an effect once if it is requested and released in one turn", async () => {
    const bank = await pausedBank();
    bank.commits.hold();
    const submitted = [bank.submit(bob, open, { owner: bob, product: "", balanceCents: 1 })];
    await bank.time.flush();
    submitted.push(bank.submit(bob, requestStatement, {}));
    const released = bank.runtime.release(0, everything, tester);
    await bank.time.flush();
    bank.commits.open();
    await bank.time.settle(Promise.all([...submitted, released]));
    await bank.time.advanceAsync(1);
    assert.deepEqual(bank.dispatched.map(({ key }) => key.id).sort(), [ada, bob].sort());
  });

  it("is as it was after a crash, with or without being reported again, from the journal and from the archive", async () => {
    for (const overrides of [incident, {}])
      for (const limits of [{}, { tailBytesMax: 1, idleMs: 1 }]) {
        const bank = new Bank(limits);
        await bank.start();
        await bank.open(ada, 100);
        await bank.execute(ada, requestStatement, {});
        await restart(bank, incident);
        await bank.time.advanceAsync(60_000);
        await restart(bank, overrides);
        assert.deepEqual(bank.dispatched, []);
        await release(bank);
        await bank.time.advanceAsync(60_000);
        bank.dispatched.length = 0;
        await restart(bank, overrides);
        assert.equal(bank.dispatched.length, 1, "what was released stays so");
      }
  });

  it("is paused again by another name", async () => {
    const bank = await pausedBank();
    await release(bank);
    await restart(bank, { pause: "incident-8" });
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

  it("is released by shares, and each share includes the smaller ones", async () => {
    const bank = await pausedBank();
    for (const id of others) {
      await bank.open(id, 0);
      await bank.execute(id, requestStatement, {});
    }
    const started = new Set<string>();
    for (const share of [10, 30, 20, 99]) {
      const before = new Set(started);
      await release(bank, { namespace: "", share });
      await bank.time.advanceAsync(1);
      for (const { key } of bank.dispatched.splice(0)) {
        assert.equal(started.has(key.id), false, "begun once");
        started.add(key.id);
      }
      if (share === 20) assert.deepEqual(started, before);
      else assert.ok(Math.abs(started.size - share) <= 12, `${started.size} of 101 at a share of ${share}`);
    }
    await release(bank);
    await bank.time.advanceAsync(1);
    assert.equal(started.size + bank.dispatched.length, others.length + 1);
  });

  it("restores no passivated instance before a release, and every due one after it", async () => {
    const bank = new Bank({ idleMs: 10, tailBytesMax: 1 });
    await bank.start();
    await bank.open(ada, 100);
    await bank.execute(ada, placeHold, { amountCents: 40, periodMs: 60_000 });
    await bank.time.advanceAsync(30_000);
    assert.equal(bank.isLoaded(ada), false);
    await restart(bank, incident);
    await bank.time.advanceAsync(600_000);
    assert.equal(bank.isLoaded(ada), false);
    await release(bank);
    await bank.time.advanceAsync(1_000);
    assert.equal(await heldCents(bank), 0);
  });

  it("does not pause machines that do no work themselves", async () => {
    const bank = new Bank();
    await bank.start();
    await bank.open(ada, 100);
    await bank.execute(ada, requestStatement, {});
    await restart(bank, { ...incident, machines: [{ ...account, runsWhilePaused: true }] });
    assert.equal(bank.dispatched.length, 1);
  });
});
