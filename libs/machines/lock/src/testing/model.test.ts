import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededChance } from "@tutti/kernel/testing";
import { leaveLine, placeKeptMs, setPermits } from "../index.ts";
import { giveBack, holding, inLine, newDriver, want } from "../lock.fixture.ts";
import { lockKey } from "./index.ts";
import { LockModel } from "./model.ts";

const holders = ["a", "b", "c", "d", "e", "f", "g", "h"];

describe("the plain model of a lock", () => {
  it("gives the same to the same, for any arrivals, shares, hang-ups and departures", () => {
    for (let seed = 0; seed < 40; seed++) compare(seed);
  });
});

function compare(seed: number): void {
  const chance = seededChance(seed);
  const one = <Item>(items: readonly Item[]): Item =>
    items[Math.floor(chance.random() * items.length)] ?? assert.fail();
  const driver = newDriver();
  const model = new LockModel(driver.nowMs);
  for (let step = 0; step < 120; step++) {
    const random = chance.random();
    const holder = one(holders);
    if (random < 0.45) {
      const wish = {
        ...{ holder, permits: one([1, 1, 2, 3]), shared: one([true, false]), priority: one([0, 0, 1, -1]) },
        ...{ waitMs: one([0, 20, 50, 60_000]), leaseMs: one([30, 200, 60_000]) },
      };
      model.want(wish);
      want(driver, holder, wish);
    } else if (random < 0.65) {
      model.release(holder);
      giveBack(driver, holder);
    } else if (random < 0.75) {
      model.hangUp(holder);
      driver.execute(lockKey, leaveLine, { holder });
    } else if (random < 0.95) {
      // Sometimes long enough for a place to expire.
      const ms = step % 40 === 39 ? placeKeptMs : one([1, 7, 40]);
      for (let tick = 0; tick < ms; tick++) model.tick();
      driver.advance(ms);
    } else {
      const permits = one([1, 2, 4]);
      model.set(permits);
      driver.execute(lockKey, setPermits, { permits });
    }
    const told = `seed ${seed}, step ${step}`;
    assert.deepEqual(
      [holding(driver).toSorted(), inLine(driver)],
      [model.holds.map((each) => each.holder).toSorted(), model.line],
      told,
    );
  }
}
