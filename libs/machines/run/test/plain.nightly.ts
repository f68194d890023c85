import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { seededChance } from "@tutti/kernel/testing";
import { drawRun, driveRun, smallestRun } from "../src/testing/index.ts";
import { others } from "./receivers.ts";

const seeds = 2_500;

describe("thousands of runs, against the plain interpreter", () => {
  it("match the interpreter", async () => {
    for (let seed = 1_000; seed < 1_000 + seeds; seed++) {
      const chance = () => seededChance(seed + 1);
      const run = drawRun(seededChance(seed));
      const differs = driveRun(run, chance(), { others }).length > 0;
      if (!differs) continue;
      const smallest = await smallestRun(
        run,
        (candidate) => driveRun(candidate, chance(), { others }).length > 0,
      );
      assert.deepEqual(
        driveRun(smallest, chance(), { others }),
        [],
        `seed ${seed}: ${JSON.stringify(smallest)}`,
      );
    }
  });
});
