import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { getHeapSpaceStatistics } from "node:v8";
import { giveBackLeftovers } from "./leftovers.ts";

function youngGenerationMiB(): number {
  const space = getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space");
  return (space?.physical_space_size ?? 0) / 2 ** 20;
}

/** Half of what is made outlives a collection of the young generation, as while modules are imported. */
function liveThroughAStart(): number {
  let kept: object[] = [];
  for (let count = 0; count < 2_000_000; count++) {
    const object = { count };
    if (count % 2 === 0) kept.push(object);
    if (kept.length > 200_000) kept = [];
  }
  return kept.length;
}

describe("giveBackLeftovers", () => {
  it("shrinks the young generation that a start has let grow", () => {
    assert.ok(liveThroughAStart() > 0);
    const grownMiB = youngGenerationMiB();
    assert.ok(grownMiB > 4, `expected it to have grown, found ${grownMiB} MiB`);
    giveBackLeftovers();
    const leftMiB = youngGenerationMiB();
    assert.ok(leftMiB < 2, `expected less than 2 MiB to be left, found ${leftMiB}`);
  });

  it("leaves no way for others to collect garbage", () => {
    giveBackLeftovers();
    assert.equal("gc" in globalThis, false);
  });
});
