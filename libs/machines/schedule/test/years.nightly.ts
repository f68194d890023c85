/** Whole years, minute by minute, in zones with unusual rules. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { DoubleHour, MissingHour } from "@tutti/contracts/workflow/v1";
import { previewTimes } from "../src/index.ts";
import { timing } from "../src/schedule.fixture.ts";
import { Wall } from "../src/timing/walk.fixture.ts";

const rules = ["30 2 * * *", "*/7 * * * *", "0,59 1-3 29 2 *", "15 0 1-7 * 1", "0 3 * 3,4,10,11 0"];

describe("the times of cron rules through whole years", () => {
  for (const [timeZone, year, years] of [
    ["Europe/Berlin", 2028, 1],
    ["America/New_York", 2027, 1],
    ["Australia/Lord_Howe", 2028, 1],
    ["Asia/Kathmandu", 1985, 2],
    ["Pacific/Apia", 2011, 1],
    ["Africa/Casablanca", 2026, 1],
    ["UTC", 2028, 1],
  ] as const)
    it(`match the local clock, in ${timeZone} from ${year} on`, () => {
      const [fromMs, untilMs] = [Date.UTC(year, 0, 1), Date.UTC(year + years, 0, 1)];
      const wall = new Wall(timeZone, fromMs, untilMs);
      for (const cron of rules) {
        const plan = timing({
          rules: [{ cron }],
          timeZone,
          missingHour: MissingHour.MISSING_HOUR_AFTER_GAP,
          doubleHour: DoubleHour.DOUBLE_HOUR_FIRST,
          untilMs,
        });
        const found = previewTimes(plan, fromMs - 1, 1_000_000);
        assert.deepEqual(found, wall.times({ cron, missing: "after gap", double: "first" }), cron);
      }
    });
});
