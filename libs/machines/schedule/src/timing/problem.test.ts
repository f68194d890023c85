import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { timing } from "../schedule.fixture.ts";
import { timingProblem } from "./problem.ts";

describe("a timing", () => {
  for (const [title, plan, problem] of [
    ["without rules", { rules: [] }, /1 to 100 rules, got 0/],
    [
      "in a zone that is none",
      { rules: [{ cron: "* * * * *" }], timeZone: "Europe/Bern" },
      /IANA.*Europe\/Bern/,
    ],
    ["in an offset", { rules: [{ cron: "* * * * *" }], timeZone: "+01:00" }, /IANA/],
    ["that never comes", { rules: [{ cron: "0 0 31 2 *" }] }, /rules\[0\]: expected a time that comes/],
    ["too often", { rules: [{ everyMs: 999 }] }, /rules\[0\]: expected an interval .* from 1000 on/],
    ["with half milliseconds", { rules: [{ everyMs: 1_000.5 }] }, /whole milliseconds/],
    ["that is two things", { rules: [{ cron: "* * * * *", everyMs: 1_000 }] }, /one of/],
    ["that is nothing", { rules: [{}] }, /one of/],
    [
      "with a faulty exception",
      { rules: [{ everyMs: 1_000 }], exceptions: [{ cron: "x" }] },
      /exceptions\[0\]/,
    ],
    [
      "that ends before it starts",
      { rules: [{ everyMs: 1_000 }], fromMs: 5, untilMs: 5 },
      /an end after the start/,
    ],
    ["with a negative jitter", { rules: [{ everyMs: 1_000 }], jitterMs: -1 }, /jitter/],
    ["with no number for a jitter", { rules: [{ everyMs: 1_000 }], jitterMs: Number.NaN }, /jitter/],
  ] as const)
    it(`${title} is rejected: ${problem}`, () => {
      assert.match(timingProblem(timing(plan)) ?? "", problem);
    });

  it("is valid with the rarest possible rule", () => {
    assert.equal(timingProblem(timing({ rules: [{ cron: "0 0 29 2 *" }] })), undefined);
  });
});
