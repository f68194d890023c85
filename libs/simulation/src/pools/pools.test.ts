import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { linesTo } from "../world/trace.ts";
import { minimisePools } from "./minimise-pools.ts";
import { drawPoolsPlan } from "./pools-plan.ts";
import { poolWeakeningOf } from "./pools-weakenings.ts";
import { simulatePools } from "./simulate-pools.ts";

/** Seeds that failed once, with the cause. */
const found = [
  [1_596_567_510, "an agent that answered busy and then completed the attempt on one link"],
  [740_217_474, "a second copy of an attempt that gave way"],
  [2_079_923_485, "a timer of an agent that its run set to 64 ms later"],
] as const;

describe("simulated pools", () => {
  it("go the same way for the same seed", () => {
    const runSeed = (seed: number) => {
      const lines: string[] = [];
      const outcome = simulatePools(
        drawPoolsPlan(seed),
        poolWeakeningOf("none"),
        linesTo((line) => lines.push(line)),
      );
      return { outcome, lines };
    };
    const first = runSeed(7);
    assert.ok(first.lines.length > 0);
    assert.deepEqual(runSeed(7), first);
  });

  it("find no fault in a few seeds, and find a planted fault in the first", () => {
    for (let seed = 0; seed < 20; seed++)
      assert.equal(simulatePools(drawPoolsPlan(seed)).finding, undefined, String(seed));
    const { finding } = simulatePools(drawPoolsPlan(0), poolWeakeningOf("loses-assignments"));
    assert.ok(finding !== undefined);
    assert.throws(() => poolWeakeningOf("nonsense"), /expected a weakening of pools \(forgets-tokens/);
  });

  for (const [seed, reason] of found)
    it(`pass a seed that once failed: ${seed}, ${reason}`, () => {
      assert.equal(simulatePools(drawPoolsPlan(seed)).finding, undefined);
    });

  it("fail in the same way with a minimised plan", async () => {
    const weakening = poolWeakeningOf("loses-assignments");
    const plan = drawPoolsPlan(0);
    const checkOf = (candidate: typeof plan) => simulatePools(candidate, weakening).finding?.check;
    const smallest = minimisePools(plan, (candidate) => checkOf(candidate) === checkOf(plan));
    assert.notEqual(checkOf(smallest), undefined);
    assert.equal(checkOf(smallest), checkOf(plan));
    assert.ok(smallest.tasks < plan.tasks && smallest.agents.length <= plan.agents.length);
  });
});
