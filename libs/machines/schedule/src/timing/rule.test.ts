import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DoubleHour, MissingHour, type PlannedTiming } from "@tutti/contracts/workflow/v1";
import fc from "fast-check";
import { timing } from "../schedule.fixture.ts";
import { previewTimes } from "./timing.ts";
import { type WalkOptions, Wall } from "./walk.fixture.ts";

const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

/** Times at which clocks change, and some without a change. */
const moments: readonly (readonly [timeZone: string, at: string])[] = [
  ["Europe/Berlin", "2026-03-29T01:00:00Z"],
  ["Europe/Berlin", "2026-10-25T01:00:00Z"],
  ["America/New_York", "2027-03-14T07:00:00Z"],
  ["America/New_York", "2027-11-07T06:00:00Z"],
  ["Australia/Lord_Howe", "2026-04-04T15:00:00Z"],
  ["Australia/Lord_Howe", "2026-10-03T15:30:00Z"],
  ["Asia/Kathmandu", "1985-12-31T18:30:00Z"],
  ["Asia/Kathmandu", "2028-02-29T00:00:00Z"],
  ["Pacific/Apia", "2011-12-30T10:00:00Z"],
  ["Africa/Casablanca", "2026-02-15T02:00:00Z"],
  ["America/Sao_Paulo", "2018-11-04T03:00:00Z"],
  ["America/Caracas", "2016-05-01T07:00:00Z"],
  ["UTC", "2032-02-29T00:00:00Z"],
];

describe("a cron rule", () => {
  const walls = new Map<string, Wall>();

  function assertSame(timeZone: string, at: string, options: WalkOptions): void {
    const [fromMs, untilMs] = [Date.parse(at) - 6 * dayMs, Date.parse(at) + dayMs];
    const wall = walls.get(timeZone + at) ?? new Wall(timeZone, fromMs, untilMs);
    walls.set(timeZone + at, wall);
    const found = previewTimes(planOf(timeZone, untilMs, options), fromMs - 1, 100_000);
    assert.deepEqual(found.map(isoText), wall.times(options).map(isoText), JSON.stringify(options));
  }

  it("fires by the clock on the wall, for any change of the zone", () => {
    const field = (min: number, max: number, hasSteps: boolean) =>
      fc.oneof(
        { weight: 3, arbitrary: fc.constant("*") },
        { weight: 4, arbitrary: fc.integer({ min, max }).map(String) },
        {
          weight: 2,
          arbitrary: fc
            .tuple(fc.integer({ min, max }), fc.integer({ min, max }))
            .map(([a, b]) => `${Math.min(a, b)}-${Math.max(a, b)}`),
        },
        { weight: hasSteps ? 2 : 0, arbitrary: fc.integer({ min: 2, max: 20 }).map((step) => `*/${step}`) },
      );
    const cron = fc
      .tuple(
        field(0, 59, true),
        field(0, 4, true),
        field(1, 31, false),
        field(1, 12, false),
        field(0, 6, false),
      )
      .map((fields) => fields.join(" "));
    fc.assert(
      fc.property(
        fc.constantFrom(...moments),
        cron,
        fc.constantFrom<WalkOptions["missing"]>("after gap", "skip"),
        fc.constantFrom<WalkOptions["double"]>("first", "second", "both"),
        ([timeZone, at], rule, missing, double) => {
          assertSame(timeZone, at, { cron: rule, missing, double });
        },
      ),
      { seed: 1, numRuns: 200 },
    );
  });

  for (const [timeZone, at] of moments)
    for (const cron of ["30 2 * * 0", "*/15 1-3 * * 0,5", "30 2 * * *", "*/20 * * * *", "0,30 0-3 * * *"])
      it(`${cron} in ${timeZone} around ${at}: as on the wall`, () => {
        for (const missing of ["after gap", "skip"] as const)
          for (const double of ["first", "second", "both"] as const)
            assertSame(timeZone, at, { cron, missing, double });
      });

  for (const [cron, from, expected] of [
    ["30 2 * * *", "2026-03-28T12:00Z", ["2026-03-29T01:00Z", "2026-03-30T00:30Z"]],
    ["30 2 * * *", "2026-10-24T12:00Z", ["2026-10-25T00:30Z", "2026-10-26T01:30Z"]],
    ["0 * * * *", "2026-03-29T00:30Z", ["2026-03-29T01:00Z", "2026-03-29T02:00Z"]],
    ["0 * * * *", "2026-10-24T23:30Z", ["2026-10-25T00:00Z", "2026-10-25T01:00Z", "2026-10-25T02:00Z"]],
    ["30 * * * *", "2026-03-29T00:00Z", ["2026-03-29T00:30Z", "2026-03-29T01:30Z"]],
  ] as const)
    it(`${cron} in Berlin after ${from}, by default for odd hours: ${expected.join(", ")}`, () => {
      const plan = timing({ rules: [{ cron }], timeZone: "Europe/Berlin" });
      assert.deepEqual(
        previewTimes(plan, Date.parse(from), expected.length),
        expected.map((time) => Date.parse(time)),
      );
    });
});

describe("days of a cron rule", () => {
  for (const [cron, from, expected] of [
    ["0 0 29 2 *", "2026-01-01", ["2028-02-29", "2032-02-29"]],
    ["0 0 29 2 *", "2096-03-01", ["2104-02-29"]],
    ["0 0 L * *", "2028-01-01", ["2028-01-31", "2028-02-29", "2028-03-31", "2028-04-30"]],
    ["0 0 L-1 2 *", "2026-01-01", ["2026-02-27", "2027-02-27", "2028-02-28"]],
    ["0 0 LW * *", "2026-01-01", ["2026-01-30", "2026-02-27", "2026-03-31"]],
    ["0 0 1W * *", "2026-07-15", ["2026-08-03", "2026-09-01"]],
    ["0 0 15W * *", "2026-02-01", ["2026-02-16", "2026-03-16", "2026-04-15"]],
    ["0 0 31W * *", "2026-05-01", ["2026-05-29", "2026-07-31"]],
    ["0 0 * * 5#2", "2026-01-01", ["2026-01-09", "2026-02-13"]],
    ["0 0 * * mon#5", "2026-01-01", ["2026-03-30", "2026-06-29"]],
    ["0 0 * * 5L", "2026-01-01", ["2026-01-30", "2026-02-27"]],
    ["0 0 13 * 5", "2026-02-01", ["2026-02-06", "2026-02-13", "2026-02-20"]],
    ["0 0 */10 * 1", "2026-05-30", ["2026-06-01", "2026-08-31"]],
    ["0 0 * jan,jul sun", "2026-06-30", ["2026-07-05", "2026-07-12"]],
    ["0 0 * * 7", "2026-01-01", ["2026-01-04", "2026-01-11"]],
    ["@monthly", "2026-01-15", ["2026-02-01", "2026-03-01"]],
    ["@weekly", "2026-01-01", ["2026-01-04"]],
    ["@YEARLY", "2026-01-01", ["2027-01-01"]],
  ] as const)
    it(`${cron} after ${from}: ${expected.join(", ")}`, () => {
      assert.deepEqual(
        previewTimes(timing({ rules: [{ cron }] }), Date.parse(from), expected.length),
        expected.map((day) => Date.parse(day)),
      );
    });
});

describe("times of a timing", () => {
  const fromMs = Date.parse("2026-01-01T00:00:00Z");

  it("of a rule with seconds are at these seconds", () => {
    const times = previewTimes(timing({ rules: [{ cron: "*/20 59 23 * * *" }] }), fromMs, 4);
    assert.deepEqual(
      times.map((ms) => new Date(ms).toISOString().slice(5, 19)),
      ["01-01T23:59:00", "01-01T23:59:20", "01-01T23:59:40", "01-02T23:59:00"],
    );
  });

  it("of an interval count from its offset, in any zone", () => {
    const plan = timing({ rules: [{ everyMs: 7_000, offsetMs: 9_500 }], timeZone: "Europe/Berlin" });
    const [first = 0, second = 0] = previewTimes(plan, fromMs, 2);
    assert.equal((first - 2_500) % 7_000, 0);
    assert.ok(first > fromMs && first <= fromMs + 7_000);
    assert.equal(second - first, 7_000);
  });

  it("of several rules come in order, each once, without the excluded times", () => {
    const plan = timing({
      rules: [{ cron: "0 */6 * * *" }, { cron: "0 */12 * * *" }, { onceMs: fromMs + 3 * hourMs }],
      exceptions: [{ cron: "0 12 * * *" }],
    });
    assert.deepEqual(
      previewTimes(plan, fromMs, 4).map((ms) => (ms - fromMs) / hourMs),
      [3, 6, 18, 24],
    );
  });

  it("lie within its bounds: the first included, the last not", () => {
    const plan = timing({ rules: [{ cron: "0 * * * *" }], fromMs, untilMs: fromMs + 2 * hourMs });
    assert.deepEqual(previewTimes(plan, 0, 10), [fromMs, fromMs + hourMs]);
  });

  it("are found behind an exception that covers a whole day of seconds", () => {
    const plan = timing({ rules: [{ cron: "* * * * * *" }], exceptions: [{ cron: "* * 0-22 * * *" }] });
    assert.deepEqual(previewTimes(plan, fromMs, 1), [fromMs + 23 * hourMs]);
  });
});

function planOf(timeZone: string, untilMs: number, { cron, missing, double }: WalkOptions): PlannedTiming {
  return timing({
    rules: [{ cron }],
    timeZone,
    missingHour: missing === "skip" ? MissingHour.MISSING_HOUR_SKIP : MissingHour.MISSING_HOUR_AFTER_GAP,
    doubleHour: {
      first: DoubleHour.DOUBLE_HOUR_FIRST,
      second: DoubleHour.DOUBLE_HOUR_SECOND,
      both: DoubleHour.DOUBLE_HOUR_BOTH,
    }[double],
    untilMs,
  });
}

function isoText(ms: number): string {
  return new Date(ms).toISOString();
}
