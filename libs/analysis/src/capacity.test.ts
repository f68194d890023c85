import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { diskForecast, type LoadFact, loadForecast, loadStepMs, slotsFor } from "./capacity.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;
/** A Monday. */
const monday = Date.UTC(2026, 10, 23);

/** Computes Erlang C by its definition, as sums of terms. */
function lateShare(slots: number, load: number, heldMs: number, targetMs: number): number {
  let [term, sum] = [1, 0];
  for (let busy = 0; busy < slots; busy++) {
    sum += term;
    term *= load / (busy + 1);
  }
  const waiting = (term * slots) / (slots - load);
  return (waiting / (sum + waiting)) * Math.exp((-(slots - load) * targetMs) / heldMs);
}

describe("slots for a load", () => {
  it("are the least with which 1 % waits longer, by Erlang's formula as it is defined", () => {
    for (const load of [0.1, 1, 2.5, 10, 40, 100])
      for (const [heldMs, targetMs] of [
        ...([
          [1_000, 0],
          [1_000, 1_000],
          [60_000, 1_000],
        ] as const),
      ]) {
        const slots = slotsFor(load, heldMs, targetMs);
        assert.ok(lateShare(slots, load, heldMs, targetMs) <= 0.01, `${slots} for ${load}`);
        const fewer = slots - 1;
        assert.ok(fewer <= load || lateShare(fewer, load, heldMs, targetMs) > 0.01, `${fewer} for ${load}`);
      }
    assert.equal(slotsFor(0, 1_000, 0), 0);
  });
});

/** Returns the work of a few weeks, with a daily profile, twice as much on Mondays, and an error per day. */
function work(days: number, errorOf: (day: number) => number): LoadFact[] {
  const facts: LoadFact[] = [];
  for (let day = 0; day < days; day++) {
    const fromMs = monday - (days - day) * dayMs;
    const weight = (new Date(fromMs).getUTCDay() === 1 ? 2 : 1) * errorOf(day);
    for (let step = 0; step < dayMs / loadStepMs; step++) {
      const hour = Math.floor((step * loadStepMs) / hourMs);
      const load = weight * (hour === 9 ? 10 : 2);
      facts.push({ timeMs: fromMs + step * loadStepMs, starts: load * 60, heldMs: load * loadStepMs });
    }
  }
  return facts;
}

describe("a load forecast", () => {
  const ahead = { nowMs: monday, fromMs: monday, toMs: monday + dayMs };

  it("of a Monday is that of Mondays, at its busiest hour, and the past shows the error", () => {
    const errors = [1, 1.1, 0.9, 1.2, 0.8];
    const found = loadForecast(
      work(35, (day) => errors[day % errors.length] ?? 1),
      ahead,
    );
    assert.ok(found !== undefined);
    assert.equal(found.peakTimeMs, monday + 9 * hourMs);
    assert.ok(Math.abs(found.load.expected - 20) <= 3, `${found.load.expected}`);
    assert.ok(found.load.low < found.load.expected && found.load.high > found.load.expected);
    assert.equal(found.backTest.days, 28);
    assert.ok(found.backTest.error > 0.02 && found.backTest.error < 0.25, `${found.backTest.error}`);
    assert.ok(found.backTest.within >= 0.7, `${found.backTest.within}`);
  });

  it("of the same work each week is known without error", () => {
    const found = loadForecast(
      work(28, () => 1),
      { ...ahead, fromMs: monday + dayMs, toMs: monday + 2 * dayMs },
    );
    assert.deepEqual([found?.load.expected, found?.load.low, found?.load.high], [10, 10, 10]);
  });

  it("after a day is like that day, with a wide interval", () => {
    const found = loadForecast(
      work(1, () => 1),
      ahead,
    );
    assert.deepEqual([found?.load.expected, found?.load.low, found?.load.high], [10, 5, 20]);
    assert.equal(found?.backTest.days, 0);
    assert.equal(loadForecast([], ahead), undefined);
  });
});

describe("a disk", () => {
  const days = (free: (day: number) => number, count = 20) =>
    Array.from({ length: count }, (_, day) => ({ timeMs: monday - (count - day) * dayMs, free: free(day) }));

  it("with a constant loss per day is full after a known number of days", () => {
    const found = diskForecast(
      days((day) => 1_000 - 10 * day),
      monday,
    );
    assert.equal(found?.perDay, -10);
    assert.equal(found?.fullTimeMs, monday + 81 * dayMs);
    assert.deepEqual([found?.backTest.error, found?.backTest.within], [0, 1]);
  });

  it("with a varying loss has an interval around the date", () => {
    const found = diskForecast(
      days((day) => 10_000 - 100 * day + (day % 3) * 40),
      monday,
    );
    assert.ok(
      found?.earliestMs !== undefined && found.fullTimeMs !== undefined && found.latestMs !== undefined,
    );
    assert.ok(found.earliestMs < found.fullTimeMs && found.fullTimeMs < found.latestMs);
    assert.ok(found.backTest.error > 0 && found.backTest.error < 0.05);
  });

  it("that does not fill up has no date, and too few days give no forecast", () => {
    assert.equal(
      diskForecast(
        days(() => 500),
        monday,
      )?.fullTimeMs,
      undefined,
    );
    assert.equal(
      diskForecast(
        days(() => 500, 3),
        monday,
      ),
      undefined,
    );
  });
});
