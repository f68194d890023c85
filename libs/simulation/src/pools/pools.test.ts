import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { linesTo } from "../world/trace.ts";
import { poolWeakeningOf } from "./pools-weakenings.ts";
import { simulatePools } from "./simulate-pools.ts";

describe("simulated pools", () => {
  it("go the same way for the same seed", () => {
    const told = (seed: number) => {
      const lines: string[] = [];
      const outcome = simulatePools(
        seed,
        poolWeakeningOf("none"),
        linesTo((line) => lines.push(line)),
      );
      return { outcome, lines };
    };
    const once = told(7);
    assert.ok(once.lines.length > 0);
    assert.deepEqual(told(7), once);
  });

  it("find nothing wrong in a few seeds, and what is made wrong in the first", () => {
    for (let seed = 0; seed < 20; seed++) assert.equal(simulatePools(seed).finding, undefined, String(seed));
    const { finding } = simulatePools(0, poolWeakeningOf("loses-assignments"));
    assert.ok(finding !== undefined);
    assert.throws(() => poolWeakeningOf("nonsense"), /expected a weakening of pools \(forgets-tokens/);
  });
});
