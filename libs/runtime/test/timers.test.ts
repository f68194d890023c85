/** Timers expire once, never early, in order, with any behaviour of the clock and the process. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Record } from "@tutti/contracts/runtime/v1";
import {
  captureHold,
  deposit,
  failStatement,
  open,
  placeHold,
  releaseHold,
  requestStatement,
} from "@tutti/machine-bank";
import { accountKey, Bank, idsIn } from "./bank.fixture.ts";

const [ada = "", ...others] = idsIn(0, 30);
const minuteMs = 60_000;

async function bankWithAda(limits = {}): Promise<Bank> {
  const bank = new Bank(limits);
  await bank.start();
  await bank.open(ada, 1_000);
  return bank;
}

function hold(bank: Bank, periodMs: number, amountCents = 1, id = ada) {
  return bank.execute(id, placeHold, { amountCents, periodMs });
}

/** Returns when the holds of an account expired, by their numbers, relative to `sinceMs`. */
async function expired(bank: Bank, sinceMs: number, id = ada): Promise<string[]> {
  const records = await bank.time.settle(bank.runtime.history(accountKey(id), 0, 500));
  return records.flatMap(({ record, timeMs }) => {
    const { type, payload } = Record.decode(record);
    return type === "hold_expired" ? [`${payload[1]} at ${timeMs - sinceMs}`] : [];
  });
}

describe("a timer", () => {
  it("expires at its moment, not before", async () => {
    const bank = await bankWithAda();
    const startMs = bank.time.now();
    await hold(bank, 5_000);
    await bank.time.advanceAsync(4_999);
    assert.deepEqual(await expired(bank, startMs), []);
    await bank.time.advanceAsync(1);
    assert.deepEqual(await expired(bank, startMs), ["1 at 5000"]);
  });

  it("expires in the order in which it is due, equals in the order in which they were set", async () => {
    const bank = await bankWithAda();
    const startMs = bank.time.now();
    await Promise.all([3_000, 1_000, 2_000, 1_000].map((periodMs) => hold(bank, periodMs)));
    await bank.time.advanceAsync(10_000);
    assert.deepEqual(await expired(bank, startMs), ["2 at 1000", "4 at 1000", "3 at 2000", "1 at 3000"]);
  });

  it("that is cleared never expires", async () => {
    const bank = await bankWithAda();
    const startMs = bank.time.now();
    for (let count = 0; count < 3; count++) await hold(bank, 5_000);
    await bank.execute(ada, captureHold, { hold: 1 });
    await bank.execute(ada, releaseHold, { hold: 3 });
    await bank.time.advanceAsync(10_000);
    assert.deepEqual(await expired(bank, startMs), ["2 at 5000"]);
  });

  it("that is cleared at the very moment it is due expires or is cleared, not both", async () => {
    const bank = await bankWithAda();
    await hold(bank, 5_000);
    await bank.time.advanceAsync(4_999);
    const released = bank.submit(ada, releaseHold, { hold: 1 });
    await bank.time.advanceAsync(1);
    await released.catch(() => undefined);
    assert.equal(await bank.balanceOf(ada), 1_000);
  });

  it("of a year expires after a year", async () => {
    const bank = await bankWithAda();
    const startMs = bank.time.now();
    const yearMs = 365 * 24 * 60 * minuteMs;
    await hold(bank, yearMs);
    bank.crash();
    await bank.time.flush();
    bank.time.advance(yearMs - 1);
    await bank.start();
    await bank.time.advanceAsync(0);
    assert.deepEqual(await expired(bank, startMs), []);
    await bank.time.advanceAsync(1);
    assert.deepEqual(await expired(bank, startMs), [`1 at ${yearMs}`]);
  });

  it("that was due while no process ran expires at once, and once", async () => {
    const bank = await bankWithAda();
    const startMs = bank.time.now();
    await hold(bank, 5_000);
    bank.crash();
    bank.time.advance(minuteMs);
    await bank.start();
    await bank.time.advanceAsync(1);
    assert.deepEqual(await expired(bank, startMs), ["1 at 60000"]);
    bank.crash();
    await bank.start();
    await bank.time.advanceAsync(minuteMs);
    assert.equal((await expired(bank, startMs)).length, 1);
  });

  it("expires when the clock is set forward past it", async () => {
    const bank = await bankWithAda();
    await hold(bank, 60 * minuteMs);
    bank.time.jumpWallClock(2 * 60 * minuteMs);
    await bank.time.advanceAsync(15_000);
    assert.equal(await bank.balanceOf(ada), 1_000);
  });

  it("keeps its duration when the clock is set back", async () => {
    const bank = await bankWithAda();
    await hold(bank, 30_000);
    bank.time.jumpWallClock(-24 * 60 * minuteMs);
    await bank.time.advanceAsync(29_999);
    assert.equal(await bank.balanceOf(ada), 999);
    await bank.time.advanceAsync(1);
    assert.equal(await bank.balanceOf(ada), 1_000);
  });

  it("keeps its duration when the clock was set back before a restart", async () => {
    const bank = await bankWithAda();
    await hold(bank, 30_000);
    bank.crash();
    bank.time.jumpWallClock(-24 * 60 * minuteMs);
    await bank.start();
    await hold(bank, 10_000);
    await bank.time.advanceAsync(9_999);
    assert.equal(await bank.balanceOf(ada), 998);
    await bank.time.advanceAsync(1);
    assert.equal(await bank.balanceOf(ada), 999);
    await bank.time.advanceAsync(20_000);
    assert.equal(await bank.balanceOf(ada), 1_000);
  });

  it("that a timer sets expires too", async () => {
    const bank = await bankWithAda();
    await bank.execute(ada, requestStatement, {});
    for (let attempt = 1; attempt < 4; attempt++) {
      const token = bank.dispatched.at(-1)?.token;
      assert.ok(token);
      assert.equal(await bank.settle(token, failStatement, { problem: "jam" }), "done");
      await bank.time.advanceAsync(10_000);
    }
    assert.equal(bank.dispatched.length, 4);
  });

  it("expires in its own append if nothing else happens, and is durable before any reader sees it", async () => {
    const bank = await bankWithAda();
    await hold(bank, 5_000, 100);
    bank.commits.hold();
    await bank.time.advanceAsync(5_000);
    let isAnswered = false;
    void bank.queryBalance(ada).then(() => {
      isAnswered = true;
    });
    await bank.time.advanceAsync(1_000);
    assert.equal(isAnswered, false);
    bank.commits.open();
    assert.equal(await bank.balanceOf(ada), 1_000);
  });

  it("that is due together with many others expires with them, within the limit of each turn", async () => {
    const bank = new Bank({ turnCommandsMax: 7 });
    await bank.start();
    for (const id of others) await bank.open(id, 100);
    await Promise.all(others.map((id) => hold(bank, 5_000, 50, id)));
    const before = bank.head(0);
    await bank.time.advanceAsync(5_100);
    for (const id of others) assert.equal(await bank.balanceOf(id), 100);
    assert.ok(bank.head(0) >= before + Math.ceil(others.length / 7));
  });
});

describe("a timer of a passivated instance", () => {
  it("restores the instance and expires on time", async () => {
    const bank = await bankWithAda();
    const startMs = bank.time.now();
    await hold(bank, 2 * minuteMs);
    await bank.time.advanceAsync(30_000);
    assert.equal(bank.isLoaded(ada), false);
    await bank.time.advanceAsync(90_000);
    assert.equal(bank.isLoaded(ada), true);
    assert.deepEqual(await expired(bank, startMs), ["1 at 120000"]);
  });

  it("expires once if the instance was loaded and passivated in between, changed or not", async () => {
    const bank = await bankWithAda();
    const startMs = bank.time.now();
    await hold(bank, 5 * minuteMs);
    for (let round = 0; round < 4; round++) {
      await bank.time.advanceAsync(30_000);
      assert.equal(bank.isLoaded(ada), false);
      if (round % 2 === 0) await bank.balanceOf(ada);
      else await bank.execute(ada, deposit, { amountCents: 1 });
    }
    await bank.time.advanceAsync(4 * minuteMs);
    assert.deepEqual(await expired(bank, startMs), ["1 at 300000"]);
  });

  it("is not missed when it is sooner than all others that sleep", async () => {
    const bank = await bankWithAda();
    const [bob = ""] = others;
    await bank.open(bob, 100);
    await hold(bank, 10 * minuteMs);
    await bank.time.advanceAsync(30_000);
    const startMs = bank.time.now();
    await hold(bank, minuteMs, 1, bob);
    await bank.time.advanceAsync(90_000);
    assert.deepEqual(await expired(bank, startMs, bob), ["1 at 60000"]);
  });

  it("that was cleared does not restore the instance", async () => {
    const bank = await bankWithAda();
    await hold(bank, 2 * minuteMs);
    await bank.time.advanceAsync(30_000);
    await bank.execute(ada, releaseHold, { hold: 1 });
    await bank.time.advanceAsync(30_000);
    assert.equal(bank.isLoaded(ada), false);
    await bank.time.advanceAsync(2 * minuteMs);
    assert.equal(bank.isLoaded(ada), false);
    assert.equal(bank.runtime.partitionStatuses()[0]?.nextDueMs, undefined);
  });

  it("expires at once after a restart if it became due meanwhile", async () => {
    const bank = await bankWithAda();
    await hold(bank, 2 * minuteMs);
    await bank.time.advanceAsync(30_000);
    bank.crash();
    bank.time.advance(10 * minuteMs);
    await bank.start();
    await bank.time.advanceAsync(100);
    assert.equal(await bank.balanceOf(ada), 1_000);
  });

  it("expires when the clock is set forward past it", async () => {
    const bank = await bankWithAda();
    await hold(bank, 60 * minuteMs);
    await bank.time.advanceAsync(30_000);
    assert.equal(bank.isLoaded(ada), false);
    bank.time.jumpWallClock(2 * 60 * minuteMs);
    await bank.time.advanceAsync(15_000);
    assert.equal(await bank.balanceOf(ada), 1_000);
  });
});

describe("many instances that sleep", () => {
  it("stay in the archive after a restart, and are restored on time", async () => {
    const bank = new Bank({ idleMs: 100, indexEveryMs: 1_000 });
    await bank.start();
    const ids = Array.from({ length: 400 }, (_, number) => `sleeper-${number}`);
    const sleeping = ids.map(async (id, number) => {
      await bank.submit(id, open, { owner: id, product: "", balanceCents: 100 });
      await bank.submit(id, placeHold, { amountCents: 50, periodMs: 60_000 + (number % 4) * 500 });
    });
    await bank.time.settle(Promise.all(sleeping));
    await bank.time.advanceAsync(50_000);
    assert.equal(loadedIn(bank), 0);
    bank.crash();
    await bank.start();
    assert.equal(loadedIn(bank), 0);
    await bank.time.advanceAsync(8_000);
    assert.equal(loadedIn(bank), 0);
    await bank.time.advanceAsync(6_000);
    for (const id of [...ids.slice(0, 3), ...ids.slice(-3)]) assert.equal(await bank.balanceOf(id), 100);
  });
});

function loadedIn(bank: Bank): number {
  return bank.runtime.partitionStatuses().reduce((sum, { loaded }) => sum + loaded, 0);
}
