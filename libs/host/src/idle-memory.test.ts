import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { getHeapSpaceStatistics } from "node:v8";
import { isWorthReleasing, releaseMemory, releaseMemoryWhenIdle } from "./idle-memory.ts";

function youngGenerationMiB(): number {
  const space = getHeapSpaceStatistics().find(({ space_name: name }) => name === "new_space");
  return (space?.physical_space_size ?? 0) / 2 ** 20;
}

/** Half of the garbage survives a collection of the young generation, as while modules are imported. */
function liveThroughAStart(): number {
  let retained: object[] = [];
  for (let count = 0; count < 2_000_000; count++) {
    const object = { count };
    if (count % 2 === 0) retained.push(object);
    if (retained.length > 200_000) retained = [];
  }
  return retained.length;
}

describe("giveBackLeftovers", () => {
  it("shrinks the young generation after a start", () => {
    assert.ok(liveThroughAStart() > 0);
    const grownMiB = youngGenerationMiB();
    assert.ok(grownMiB > 4, `expected it to have grown, got ${grownMiB} MiB`);
    releaseMemory();
    const remainingMiB = youngGenerationMiB();
    assert.ok(remainingMiB < 2, `expected less than 2 MiB to be left, got ${remainingMiB}`);
  });

  it("runs again when a busy process becomes idle", async (t) => {
    assert.ok(liveThroughAStart() > 0);
    let check = () => {};
    const timers = {
      after: () => ({ cancel() {} }),
      every: (_: number, each: () => void) => {
        check = each;
        return { cancel() {} };
      },
    };
    releaseMemoryWhenIdle(timers);
    // A process of tests is not idle, so its CPU use is set by hand.
    const used = t.mock.method(process, "cpuUsage", () => ({ user: 3_000_000, system: 0 }));
    check();
    assert.ok(youngGenerationMiB() > 3, "nothing while it is busy");
    used.mock.mockImplementation(() => ({ user: 10_000, system: 0 }));
    check();
    assert.ok(youngGenerationMiB() < 2);
  });

  it("runs only if the process is idle and has memory to release", () => {
    const idle = { share: 0.01, heapMiB: 40, youngMiB: 16, restedMs: 60_000, wasBusy: true };
    const first = { restedMs: Number.POSITIVE_INFINITY, wasBusy: false, youngMiB: 1 };
    assert.equal(isWorthReleasing(idle), true);
    assert.equal(isWorthReleasing({ ...idle, ...first }), true);
    assert.equal(isWorthReleasing({ ...idle, wasBusy: false, restedMs: 1_800_000 }), true);
    const others = [
      { share: 0.2 },
      { heapMiB: 500 },
      { youngMiB: 1 },
      { restedMs: 10_000 },
      { wasBusy: false },
    ];
    for (const other of others)
      assert.equal(isWorthReleasing({ ...idle, ...other }), false, JSON.stringify(other));
  });

  it("does not expose garbage collection to other code", () => {
    releaseMemory();
    assert.equal("gc" in globalThis, false);
  });
});
