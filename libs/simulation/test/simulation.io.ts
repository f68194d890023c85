import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { systemClock } from "@tutti/kernel";
import type { LoadName } from "../src/cli/options.ts";
import { commandOf, failuresOf } from "./seeds.fixture.ts";

const weekMs = 7 * 24 * 3_600_000;
const seeds = 40;

/**
 * The same seeds for a week, so that a change is tested on seeds that passed the day before. A failing seed
 * becomes a plan in `test/plans`, which runs in every tier.
 */
const from = 10_000 + seeds * Math.floor(systemClock.now() / weekMs);

describe("the seeds of this week", () => {
  for (const load of ["bank", "runs", "pools", "work", "sessions"] as const satisfies LoadName[])
    it(`find no violation with ${load}: ${seeds} from ${from} on`, async () => {
      assert.deepEqual((await failuresOf(from, seeds, "none", load)).map(commandOf(load)), []);
    });
});
