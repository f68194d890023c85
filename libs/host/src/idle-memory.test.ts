import assert from "node:assert/strict";
import { describe, it, type TestContext } from "node:test";
import { getHeapSpaceStatistics, getHeapStatistics } from "node:v8";
import { type IdleStats, nextStep, releaseMemory, releaseMemoryWhenIdle } from "./idle-memory.ts";

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

describe("releaseMemory", () => {
  it("shrinks the young generation after a start", () => {
    assert.ok(liveThroughAStart() > 0);
    const grownMiB = youngGenerationMiB();
    assert.ok(grownMiB > 4, `expected it to have grown, got ${grownMiB} MiB`);
    releaseMemory();
    const remainingMiB = youngGenerationMiB();
    assert.ok(remainingMiB < 2, `expected less than 2 MiB to be left, got ${remainingMiB}`);
  });

  /** Checks a process whose use of the processor is set by hand. */
  function checked(t: TestContext) {
    let check = () => {};
    const timers = {
      after: () => ({ cancel() {} }),
      every: (_: number, each: () => void) => {
        check = each;
        return { cancel() {} };
      },
    };
    releaseMemoryWhenIdle(timers);
    const used = t.mock.method(process, "cpuUsage", () => ({ user: 3_000_000, system: 0 }));
    return {
      busy: () => check(),
      idle: (seconds: number) => {
        used.mock.mockImplementation(() => ({ user: 10_000, system: 0 }));
        for (let passed = 0; passed < seconds; passed += 5) check();
      },
    };
  }

  it("runs again when a busy process becomes idle", (t) => {
    assert.ok(liveThroughAStart() > 0);
    const host = checked(t);
    host.busy();
    assert.ok(youngGenerationMiB() > 3, "nothing while it is busy");
    host.idle(5);
    assert.ok(youngGenerationMiB() < 2);
  });

  it("returns the garbage of a burst once the process has been idle for 30 s", (t) => {
    const host = checked(t);
    const physicalMiB = () => getHeapStatistics().total_physical_size / 2 ** 20;
    let retained: object[] | undefined = Array.from({ length: 4_000_000 }, (_, count) => ({
      count,
      next: {},
    }));
    const burstMiB = physicalMiB();
    assert.ok(burstMiB > 200, `expected more than 200 MiB, got ${burstMiB}`);
    host.busy();
    assert.ok(retained.length > 0);
    retained = undefined;
    host.idle(25);
    assert.ok(physicalMiB() > burstMiB / 2, "nothing before");
    host.idle(10);
    assert.ok(
      physicalMiB() < burstMiB / 2,
      `expected less than half of ${burstMiB} MiB, got ${physicalMiB()}`,
    );
  });

  it("runs only if the process is idle and has memory to release", () => {
    const idle = {
      ...{ share: 0.01, heapMiB: 40, youngMiB: 16, restedMs: 60_000, wasBusy: true },
      ...{ idleMs: 5_000, isCounted: false },
    };
    const first = { restedMs: Number.POSITIVE_INFINITY, wasBusy: false, youngMiB: 1 };
    const burst = { heapMiB: 500, idleMs: 30_000 };
    const cases: [Partial<IdleStats>, ReturnType<typeof nextStep>][] = [
      [{}, "release"],
      [first, "release"],
      [{ wasBusy: false, restedMs: 1_800_000 }, "release"],
      [{ share: 0.2 }, "none"],
      [{ youngMiB: 1 }, "none"],
      [{ restedMs: 10_000 }, "none"],
      [{ wasBusy: false }, "none"],
      [{ heapMiB: 500 }, "none"],
      [burst, "count"],
      [{ ...burst, isCounted: true }, "none"],
      [{ isCounted: true, youngMiB: 1, restedMs: 10_000 }, "release"],
    ];
    for (const [stats, step] of cases)
      assert.equal(nextStep({ ...idle, ...stats }), step, JSON.stringify(stats));
  });

  it("does not expose garbage collection to other code", () => {
    releaseMemory();
    assert.equal("gc" in globalThis, false);
  });
});
