import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Arrivals, stretchMs } from "./arrivals.ts";

const perDay = 96;
const dayMs = perDay * stretchMs;
const startMs = 20_000 * dayMs;
const perSec = (tasks: number) => (tasks * 1_000) / stretchMs;

/** 900 tasks in each quarter of the hour from 9 to 10, none in the others. */
const usual = (stretch: number) => (Math.floor((stretch % perDay) / 4) === 9 ? 900 : 0);

function liveThrough(arrivals: Arrivals, fromMs: number, untilMs: number, tasks = usual): void {
  for (let nowMs = fromMs; nowMs < untilMs; nowMs += stretchMs / 3)
    arrivals.add(tasks(Math.floor(nowMs / stretchMs)) / 3, nowMs);
}

describe("arrivals", () => {
  it("are foreseen after two days, and not before", () => {
    const arrivals = new Arrivals();
    const nineMs = 9.5 * 4 * stretchMs;
    liveThrough(arrivals, startMs, startMs + dayMs + nineMs);
    assert.equal(arrivals.expectedPerSec(startMs + dayMs + nineMs), 0, "one day may have been any day");
    liveThrough(arrivals, startMs + dayMs + nineMs, startMs + 2 * dayMs + nineMs);
    const foreseen = arrivals.expectedPerSec(startMs + 2 * dayMs + nineMs);
    assert.ok(Math.abs(foreseen - perSec(900)) < 0.1, `${foreseen}`);
  });

  it("are zero in hours without tasks, and rise from the middle of one interval to the middle of the next", () => {
    const arrivals = new Arrivals();
    const dayThreeMs = startMs + 2 * dayMs;
    liveThrough(arrivals, startMs, dayThreeMs + 4 * stretchMs);
    assert.ok(arrivals.expectedPerSec(dayThreeMs + 4.5 * stretchMs) < 0.05);
    liveThrough(arrivals, dayThreeMs + 4 * stretchMs, dayThreeMs + 35 * stretchMs + 1);
    const at = (stretch: number) => arrivals.expectedPerSec(dayThreeMs + stretch * stretchMs);
    assert.ok(at(35.5) < 0.05 && Math.abs(at(36) - 0.5) < 0.1 && Math.abs(at(36.5) - 1) < 0.1, `${at(36)}`);
  });

  it("continue from the record of an earlier owner, with its part of a stretch and its gaps", () => {
    const before = new Arrivals();
    const observed: number[] = [];
    const movedMs = startMs + 3 * dayMs + 37.5 * stretchMs;
    liveThrough(before, startMs, movedMs);
    for (const { stretch, tasks } of before.drainObserved(true))
      observed[stretch - startMs / stretchMs] = tasks;
    const partly = observed.at(-1) ?? 0;
    assert.ok(partly > 0 && partly < 900, "the part of the stretch that it saw");
    // Hours in which no process owned the pool.
    for (let stretch = 200; stretch < 240; stretch++) observed[stretch] = -1;
    const after = new Arrivals({ firstStretch: startMs / stretchMs, arrivals: observed });
    after.add(0, movedMs);
    const nextMs = movedMs + stretchMs;
    assert.ok(Math.abs(after.expectedPerSec(nextMs) - before.expectedPerSec(nextMs)) < 0.3);
    after.add(900 - partly, movedMs + stretchMs / 4);
    after.add(0, nextMs);
    assert.deepEqual(after.drainObserved(false), [
      { stretch: Math.floor(movedMs / stretchMs), tasks: 900 - partly },
    ]);
  });

  it("of a partly observed interval are neither recorded nor counted as few", () => {
    const arrivals = new Arrivals();
    const midMs = startMs + stretchMs / 2;
    arrivals.add(3, midMs);
    arrivals.add(0, midMs + stretchMs);
    arrivals.add(5, midMs + 1.1 * stretchMs);
    arrivals.add(0, midMs + 2 * stretchMs);
    assert.deepEqual(arrivals.drainObserved(false), [{ stretch: startMs / stretchMs + 1, tasks: 5 }]);
  });
});
