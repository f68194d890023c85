import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { getHeapSpaceStatistics } from "node:v8";
import { giveBackLeftovers, giveBackWhenIdle, isWorthGivingBack } from "./leftovers.ts";

function youngGenerationMiB(): number {
  const space = getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space");
  return (space?.physical_space_size ?? 0) / 2 ** 20;
}

/** Half of the garbage survives a collection of the young generation, as while modules are imported. */
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

  it("is done again once a process that was busy has nothing to do", async (t) => {
    assert.ok(liveThroughAStart() > 0);
    let look = () => {};
    const timers = {
      after: () => ({ cancel() {} }),
      every: (_: number, each: () => void) => {
        look = each;
        return { cancel() {} };
      },
    };
    giveBackWhenIdle(timers);
    // A process of tests is not idle, so its CPU use is set by hand.
    const used = t.mock.method(process, "cpuUsage", () => ({ user: 3_000_000, system: 0 }));
    look();
    assert.ok(youngGenerationMiB() > 3, "nothing while it is busy");
    used.mock.mockImplementation(() => ({ user: 10_000, system: 0 }));
    look();
    assert.ok(youngGenerationMiB() < 2);
  });

  it("is worth it if the process is idle and there is memory to give", () => {
    const idle = { share: 0.01, heapMiB: 40, youngMiB: 16, restedMs: 60_000, wasBusy: true };
    const first = { restedMs: Number.POSITIVE_INFINITY, wasBusy: false, youngMiB: 1 };
    assert.equal(isWorthGivingBack(idle), true);
    assert.equal(isWorthGivingBack({ ...idle, ...first }), true);
    assert.equal(isWorthGivingBack({ ...idle, wasBusy: false, restedMs: 1_800_000 }), true);
    const others = [
      { share: 0.2 },
      { heapMiB: 500 },
      { youngMiB: 1 },
      { restedMs: 10_000 },
      { wasBusy: false },
    ];
    for (const other of others)
      assert.equal(isWorthGivingBack({ ...idle, ...other }), false, JSON.stringify(other));
  });

  it("leaves no way for others to collect garbage", () => {
    giveBackLeftovers();
    assert.equal("gc" in globalThis, false);
  });
});
