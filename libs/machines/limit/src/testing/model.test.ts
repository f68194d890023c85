import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { LimitRule } from "@tutti/contracts/workflow/v1";
import { seededChance } from "@tutti/kernel/testing";
import { acquire, limit, setLimit } from "../index.ts";
import { acquireBody, holding, newDriver, releaseAs } from "../limit.fixture.ts";
import { limitKey } from "./index.ts";
import { LimitModel, type ModelRule } from "./model.ts";

const ids = ["a", "b", "c", "d", "e", "f", "g", "h"];

describe("the plain model of a limit", () => {
  for (const [title, rate] of [
    ["at once", undefined],
    ["at once and per time", { count: 2, perMs: 40, burst: 2 }],
    ["at once and per time, with a larger burst", { count: 1, perMs: 15, burst: 3 }],
  ] as const)
    it(`behaves like the machine, ${title}, for any arrivals and departures`, () => {
      for (let seed = 0; seed < 25; seed++) compare(seed, rate === undefined ? { max: 2 } : { max: 3, rate });
    });
});

function compare(seed: number, first: ModelRule): void {
  const chance = seededChance(seed);
  const pick = <Item>(items: readonly Item[]): Item =>
    items[Math.floor(chance.random() * items.length)] ?? assert.fail();
  const driver = newDriver();
  const model = new LimitModel(first, driver.nowMs);
  const set = ({ max, rate }: ModelRule) => {
    const rule = LimitRule.fromPartial({ maxConcurrent: max, ...(rate === undefined ? {} : { rate }) });
    driver.execute(limitKey, setLimit, { rule, description: "", labels: {}, revision: 0 });
  };
  set(first);
  for (let step = 0; step < 80; step++) {
    const random = chance.random();
    const id = pick(ids);
    if (random < 0.5) {
      const request = {
        weight: pick([1, 1, 2, 4]),
        priority: pick([0, 0, 1, -1]),
        share: pick(["x", "y", "z"]),
      };
      const shareWeight = request.share === "x" ? 2 : 1;
      model.acquire({ id, ...request, shareWeight });
      driver.execute(limitKey, acquire, acquireBody(id, { ...request, shareWeight }));
    } else if (random < 0.8) {
      model.release(id);
      releaseAs(driver, id);
    } else if (random < 0.95) {
      const ms = Math.floor(chance.random() * 30);
      for (let tick = 0; tick < ms; tick++) model.tick();
      driver.advance(ms);
    } else {
      const rule = { ...first, max: pick([0, 1, 2, 5]) };
      model.change(rule);
      set(rule);
    }
    assert.deepEqual(
      holding(driver),
      model.holds.map((hold) => hold.id),
      `seed ${seed}, step ${step}`,
    );
    assert.deepEqual(
      [...driver.state(limitKey, limit).line.waiters.values()].map(({ holder }) => holder.id),
      model.waiting.map((waiting) => waiting.id),
      `seed ${seed}, step ${step}`,
    );
  }
}
