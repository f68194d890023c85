/** A waiter for an event of an instance wakes when the event happens, and not before. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { close, deposit } from "@tutti/machine-bank";
import { accountKey, Bank, idsIn } from "./bank.fixture.ts";

const [ada = "", bob = ""] = idsIn(0, 2);

async function bankWithAda(): Promise<Bank> {
  const bank = new Bank();
  await bank.start();
  await bank.open(ada, 0);
  return bank;
}

/** Returns a function that tells whether the wait has ended by now. */
function listen(bank: Bank, { after = 1, endOnly = false } = {}, signal = new AbortController().signal) {
  const waiter = { isHeard: false };
  void bank.runtime.waitForEvent(accountKey(ada), { after, endOnly }, signal).then(() => {
    waiter.isHeard = true;
  });
  return waiter;
}

describe("waiting for something to happen to an instance", () => {
  it("ends with the next event of that instance, not with events of others", async () => {
    const bank = await bankWithAda();
    const waiter = listen(bank);
    await bank.open(bob, 0);
    assert.equal(waiter.isHeard, false);
    await bank.execute(ada, deposit, { amountCents: 5 });
    assert.equal(waiter.isHeard, true);
  });

  it("ends at once if there is an event after the known one, or if the instance is not in memory", async () => {
    const bank = await bankWithAda();
    const behind = listen(bank, { after: 0 });
    bank.crash();
    await bank.start();
    await bank.time.advanceAsync(30_000);
    const passivated = listen(bank);
    await bank.time.flush();
    assert.deepEqual([behind.isHeard, passivated.isHeard], [true, true]);
  });

  it("for the end continues until then", async () => {
    const bank = await bankWithAda();
    const received = listen(bank, { endOnly: true });
    await bank.execute(ada, deposit, { amountCents: 0 }).catch(() => undefined);
    assert.equal(received.isHeard, false);
    await bank.execute(ada, close, {});
    assert.equal(received.isHeard, true);
  });

  it("ends when the instance leaves memory, its partition is released, or the caller aborts", async () => {
    const bank = await bankWithAda();
    const leaving = listen(bank);
    await bank.time.advanceAsync(30_000);
    assert.deepEqual([bank.isLoaded(ada), leaving.isHeard], [false, true]);
    await bank.balanceOf(ada);
    const stopping = new AbortController();
    const unwanted = listen(bank, {}, stopping.signal);
    const parting = listen(bank);
    stopping.abort();
    await bank.time.flush();
    assert.deepEqual([unwanted.isHeard, parting.isHeard], [true, false]);
    await bank.time.settle(bank.runtime.stop());
    assert.equal(parting.isHeard, true);
  });
});
