import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededChance } from "@tutti/kernel/testing";
import { leaveLine, placeRetentionMs, setPermits } from "../index.ts";
import { acquireAs, holding, inLine, newDriver, releaseAs } from "../lock.fixture.ts";
import { lockKey } from "./index.ts";
import { LockModel } from "./model.ts";

const holders = ["a", "b", "c", "d", "e", "f", "g", "h"];

describe("the plain model of a lock", () => {
  it("behaves like the machine, for any arrivals, shares, hang-ups and departures", () => {
    for (let seed = 0; seed < 40; seed++) compare(seed);
  });
});

function compare(seed: number): void {
  const chance = seededChance(seed);
  const pick = <Item>(items: readonly Item[]): Item =>
    items[Math.floor(chance.random() * items.length)] ?? assert.fail();
  const driver = newDriver();
  const model = new LockModel(driver.nowMs);
  for (let step = 0; step < 120; step++) {
    const random = chance.random();
    const holder = pick(holders);
    if (random < 0.45) {
      const request = {
        ...{
          holder,
          permits: pick([1, 1, 2, 3]),
          shared: pick([true, false]),
          priority: pick([0, 0, 1, -1]),
        },
        ...{ waitMs: pick([0, 20, 50, 60_000]), leaseMs: pick([30, 200, 60_000]) },
      };
      model.acquire(request);
      acquireAs(driver, holder, request);
    } else if (random < 0.65) {
      model.release(holder);
      releaseAs(driver, holder);
    } else if (random < 0.75) {
      model.hangUp(holder);
      driver.execute(lockKey, leaveLine, { holder });
    } else if (random < 0.95) {
      // Sometimes long enough for a place to expire.
      const ms = step % 40 === 39 ? placeRetentionMs : pick([1, 7, 40]);
      for (let tick = 0; tick < ms; tick++) model.tick();
      driver.advance(ms);
    } else {
      const permits = pick([1, 2, 4]);
      model.set(permits);
      driver.execute(lockKey, setPermits, { permits });
    }
    const context = `seed ${seed}, step ${step}`;
    assert.deepEqual(
      [holding(driver).toSorted(), inLine(driver)],
      [model.holds.map((each) => each.holder).toSorted(), model.line],
      context,
    );
  }
}
