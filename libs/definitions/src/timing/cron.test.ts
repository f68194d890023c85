import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { civilDay, dayNumber, daysInMonth, weekdayOf } from "./civil.ts";
import { readCron } from "./cron.ts";

describe("an invalid cron rule", () => {
  for (const [text, problem] of [
    ["", /five fields .* got 0/],
    ["* * * *", /got 4 in/],
    ["60 * * * *", /a minute as 0 to 59.*got "60"/],
    ["* 24 * * *", /an hour as 0 to 23/],
    ["* * 0 * *", /a day of the month as 1 to 31/],
    ["* * * 13 *", /a month as 1 to 12 or jan to dec/],
    ["* * * * 8", /a weekday as 0 to 7 or sun to sat/],
    ["* * * * 5#6", /first to the fifth weekday/],
    ["5-1 * * * *", /a minute/],
    ["*/0 * * * *", /a minute/],
    ["1,,2 * * * *", /a minute/],
    ["*-5 * * * *", /a minute/],
    ["1.5 * * * *", /a minute/],
    ["-1 * * * *", /a minute/],
    ["* * L-31 * *", /at most L-30/],
    ["* * 32W * *", /a day of the month/],
    ["* * * * 5LL", /a weekday/],
    ["@often", /one of @yearly/],
    ["@constructor", /one of @yearly/],
  ] as const)
    it(`${JSON.stringify(text)} is refused: ${problem}`, () => {
      const read = readCron(text);
      assert.ok(typeof read === "string");
      assert.match(read, problem);
    });

  it("any text is refused in words and never crashes", () => {
    const field = fc.stringMatching(/^[0-9*/,\-#LWa-f?]{1,6}$/);
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(field, { minLength: 4, maxLength: 7 }).map((all) => all.join(" ")),
        ),
        (text) => {
          const read = readCron(text);
          if (typeof read === "string") assert.match(read, /^expected .*got/);
        },
      ),
      { seed: 1, numRuns: 2_000 },
    );
  });
});

describe("days as numbers", () => {
  it("match the built-in calendar over four hundred years", () => {
    for (let number = -80_000; number < 80_000; number += 7) {
      const date = new Date(number * 86_400_000);
      const civil = { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
      assert.deepEqual(civilDay(number), civil);
      assert.equal(dayNumber(civil), number);
      assert.equal(weekdayOf(number), date.getUTCDay());
      assert.equal(
        daysInMonth(civil.year, civil.month),
        new Date(Date.UTC(civil.year, civil.month, 0)).getUTCDate(),
      );
    }
  });
});
