import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ClaimParts, type PartsClaimed, Quota } from "@tutti/contracts/session/v1";
import { isRefusal } from "@tutti/kernel";
import { MachineDriver, seededChance } from "@tutti/kernel/testing";
import { ledgerKey, masterService } from "../../testing/ledger.ts";
import { claimParts, keepQuota, leaseMs, ledger } from "../index.ts";
import { fairPart } from "./commands.ts";

function newDriver(slots: number): MachineDriver {
  const driver = new MachineDriver({ machines: [ledger], service: masterService });
  setSlots(driver, slots);
  return driver;
}

function setSlots(driver: MachineDriver, slots: number): void {
  const quota = Quota.create({ quotaId: "default", limits: { slots } });
  driver.execute(ledgerKey, keepQuota, { quota, revision: 0 });
}

/** Returns the amount that may run in a pool with this use and this many waiting tasks. */
function claim(driver: MachineDriver, pool: string, used = 0, wanted = 0): number {
  const uses = [{ quotaId: "default", name: "slots", used, wanted }];
  const reply = driver.execute(ledgerKey, claimParts, ClaimParts.create({ pool, uses }));
  assert.ok(!isRefusal(reply));
  return (reply as PartsClaimed).allotments[0]?.amount ?? assert.fail();
}

describe("parts of a quota", () => {
  it("are all of it for a pool that is alone", () => {
    assert.equal(claim(newDriver(10), "one"), 10);
  });

  it("are fair when two pools request the whole quota, and move only when running work has ended", () => {
    const driver = newDriver(10);
    assert.equal(claim(driver, "one"), 10);
    assert.equal(claim(driver, "two", 0, 20), 0);
    assert.equal(claim(driver, "one", 10, 20), 5);
    assert.equal(claim(driver, "two", 0, 20), 0, "all ten are still running");
    assert.equal(claim(driver, "one", 7, 20), 5);
    assert.equal(claim(driver, "two", 0, 20), 3);
    assert.equal(claim(driver, "one", 5, 20), 5);
    assert.equal(claim(driver, "two", 3, 20), 5);
  });

  it("are released when the lease of a pool expires", () => {
    const driver = newDriver(10);
    claim(driver, "one", 10);
    driver.advance(leaseMs - 1);
    assert.equal(claim(driver, "two", 0, 5), 0);
    driver.advance(1);
    assert.equal(claim(driver, "two", 0, 5), 10);
  });

  it("are renewed without an event while nothing changes and the lease is recent", () => {
    const driver = newDriver(10);
    claim(driver, "one", 3);
    const events = driver.history(ledgerKey).length;
    claim(driver, "one", 4);
    claim(driver, "one", 9);
    assert.equal(driver.history(ledgerKey).length, events);
  });

  it("shrink with the limit, and grant nothing new until enough work has ended", () => {
    const driver = newDriver(10);
    claim(driver, "one", 4, 0);
    setSlots(driver, 2);
    assert.equal(claim(driver, "one", 4, 3), 2);
    assert.equal(claim(driver, "two", 0, 3), 0);
  });

  it("are never more than the total, for any use, demand and departure of pools", () => {
    for (let seed = 0; seed < 60; seed++) play(seed);
  });
});

/**
 * Simulated pools: each keeps to the amount of its last grant, as long as its lease is valid. The total
 * running work is checked at every step.
 */
function play(seed: number): void {
  const chance = seededChance(seed);
  const below = (max: number): number => Math.floor(chance.random() * max);
  const limit = 1 + below(12);
  const driver = newDriver(limit);
  const pools = ["one", "two", "three"].map((name) => ({ name, used: 0, waiting: 0, amount: 0, dueMs: 0 }));
  for (let step = 0; step < 200; step++) {
    const pool = pools[below(pools.length)] ?? assert.fail();
    const random = chance.random();
    if (random < 0.25) pool.waiting += below(6);
    else if (random < 0.5) pool.used -= Math.min(pool.used, below(4));
    else if (random < 0.9) {
      pool.amount = claim(driver, pool.name, pool.used, pool.waiting);
      pool.dueMs = driver.nowMs + leaseMs / 2;
    } else {
      driver.advance(below(leaseMs / 4));
      // A dead pool has no running work when its lease expires.
      for (const each of pools) if (each.dueMs <= driver.nowMs) Object.assign(each, { used: 0, amount: 0 });
    }
    for (const each of pools) {
      const started = Math.max(0, Math.min(each.waiting, Math.floor(each.amount) - each.used));
      each.used += started;
      each.waiting -= started;
    }
    const used = pools.reduce((sum, each) => sum + each.used, 0);
    assert.ok(used <= limit, `seed ${seed}, step ${step}: at most ${limit} at work, got ${used}`);
  }
}

describe("the fair part", () => {
  it("is the demand if there is enough, and an equal part of the rest otherwise", () => {
    const short = { amount: 0, isShort: true };
    assert.equal(fairPart(10, 4, []), 4);
    assert.equal(fairPart(10, 40, []), 10);
    assert.equal(fairPart(10, 40, [short]), 5);
    assert.equal(fairPart(10, 2, [short]), 2);
    assert.equal(fairPart(10, 40, [{ amount: 1, isShort: false }, short]), 4.5);
    assert.equal(fairPart(9, 40, [short, short]), 3);
  });
});
