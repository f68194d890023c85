import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { LoadName } from "../src/cli/options.ts";
import { type Failed, runSeeds } from "../src/cli/pool.ts";
import { poolWeakenings } from "../src/pools/pools-weakenings.ts";
import { sessionsWeakenings } from "../src/sessions/sessions-weakenings.ts";
import { firstSeeds, weakenings } from "../src/weakenings/index.ts";
import { workWeakenings } from "../src/work/work-weakenings.ts";

async function failuresOf(
  from: number,
  seeds: number,
  weakening: string,
  load: LoadName = "bank",
): Promise<Failed[]> {
  const failed: Failed[] = [];
  const stopsAtFirst = weakening !== "none";
  const done = (share: { readonly failed: readonly Failed[] }): void => void failed.push(...share.failed);
  await runSeeds({ from, seeds, weakening, load, workers: 2, stopsAtFirst, done });
  return failed;
}

describe("some thousands of seeds", () => {
  it("find nothing wrong", async () => {
    assert.deepEqual(await failuresOf(0, 1_000, "none"), []);
  });

  it("find nothing wrong with runs of workflows", async () => {
    assert.deepEqual(await failuresOf(0, 600, "none", "runs"), []);
  });

  it("find nothing wrong with pools whose agents, hosts, owners and senders die", async () => {
    assert.deepEqual(await failuresOf(0, 600, "none", "pools"), []);
  });

  it("find nothing wrong with missions and runs that share a pool of agents", async () => {
    assert.deepEqual(await failuresOf(10_000, 400, "none", "work"), []);
  });

  it("find nothing wrong with sessions in every mode, over runs and missions", async () => {
    assert.deepEqual(await failuresOf(0, 400, "none", "sessions"), []);
  });

  for (const { name, about, foundWithin } of sessionsWeakenings) {
    it(`find ${name} in sessions: ${about}`, async () => {
      const failed = await failuresOf(0, foundWithin, name, "sessions");
      assert.ok(failed.length > 0, `expected one of ${foundWithin} seeds to fail, found none`);
    });
  }

  for (const [index, { name, about, foundWithin }] of workWeakenings.entries()) {
    const from = firstSeeds[index % firstSeeds.length] ?? 0;
    it(`find ${name} in missions: ${about}`, async () => {
      const failed = await failuresOf(from, foundWithin, name, "work");
      assert.ok(
        failed.length > 0,
        `expected one of ${foundWithin} seeds from ${from} on to fail, found none`,
      );
    });
  }

  for (const { name, about, foundWithin } of poolWeakenings) {
    it(`find ${name} around a pool: ${about}`, async () => {
      const failed = await failuresOf(0, foundWithin, name, "pools");
      assert.ok(failed.length > 0, `expected one of ${foundWithin} seeds to fail, found none`);
    });
  }

  for (const [index, { name, about, foundWithin }] of weakenings.entries()) {
    const from = firstSeeds[index % firstSeeds.length] ?? 0;
    it(`find ${name}: ${about}`, async () => {
      const failed = await failuresOf(from, foundWithin, name);
      assert.ok(
        failed.length > 0,
        `expected one of ${foundWithin} seeds from ${from} on to fail, found none`,
      );
    });
  }
});
