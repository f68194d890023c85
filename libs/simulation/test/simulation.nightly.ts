import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemClock } from "@tutti/kernel";
import type { LoadName } from "../src/cli/options.ts";
import { poolWeakenings } from "../src/pools/pools-weakenings.ts";
import { sessionsWeakenings } from "../src/sessions/sessions-weakenings.ts";
import { firstSeeds, weakenings } from "../src/weakenings/index.ts";
import { workWeakenings } from "../src/work/work-weakenings.ts";
import { commandOf, failuresOf } from "./seeds.fixture.ts";

const dayMs = 24 * 3_600_000;

/** Most seeds where a seed costs least: all other loads depend on the parts that the bank tests. */
const campaign = { bank: 50_000, pools: 25_000, runs: 15_000, work: 5_000, sessions: 5_000 } as const;

/** Seeds of one test: with three seeds a second, it ends within the half hour of a nightly test. */
const sliceSeeds = 5_000;

describe("a hundred thousand new seeds", () => {
  // Each night another range, far from the ranges of the other tiers.
  const from = 1_000_000 + 100_000 * Math.floor(systemClock.now() / dayMs);
  for (const [load, seeds] of Object.entries(campaign) as [LoadName, number][])
    for (let first = from; first < from + seeds; first += sliceSeeds)
      it(`find no violation with ${load}: ${sliceSeeds} from ${first} on`, async () => {
        assert.deepEqual((await failuresOf(first, sliceSeeds, "none", load)).map(commandOf(load)), []);
      });
});

describe("planted faults", () => {
  for (const { name, about, foundWithin } of sessionsWeakenings) {
    it(`find ${name} in sessions: ${about}`, async () => {
      const failed = await failuresOf(0, foundWithin, name, "sessions");
      assert.ok(failed.length > 0, `expected one of ${foundWithin} seeds to fail, got none`);
    });
  }

  for (const [index, { name, about, foundWithin }] of workWeakenings.entries()) {
    const from = firstSeeds[index % firstSeeds.length] ?? 0;
    it(`find ${name} in missions: ${about}`, async () => {
      const failed = await failuresOf(from, foundWithin, name, "work");
      assert.ok(failed.length > 0, `expected one of ${foundWithin} seeds from ${from} on to fail, got none`);
    });
  }

  for (const { name, about, foundWithin } of poolWeakenings) {
    it(`find ${name} around a pool: ${about}`, async () => {
      const failed = await failuresOf(0, foundWithin, name, "pools");
      assert.ok(failed.length > 0, `expected one of ${foundWithin} seeds to fail, got none`);
    });
  }

  for (const [index, { name, about, foundWithin }] of weakenings.entries()) {
    const from = firstSeeds[index % firstSeeds.length] ?? 0;
    it(`find ${name}: ${about}`, async () => {
      const failed = await failuresOf(from, foundWithin, name);
      assert.ok(failed.length > 0, `expected one of ${foundWithin} seeds from ${from} on to fail, got none`);
    });
  }
});
