import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Context } from "../command/declaration.ts";
import { exitCodes } from "../command/exit-codes.ts";
import { Failure } from "../command/failure.ts";
import { withTiming } from "./timing.ts";

describe("a wrong timing", () => {
  const values = { texts: () => ["0 3 * * *", "bad"] } as unknown as Context["values"];
  const cases: readonly [said: string, shown: string][] = [
    [
      'rules[1]: expected five fields, got 1 in "bad". Correct the schedule.',
      '--cron: expected five fields, got 1 in "bad".',
    ],
    ["rules[2]: expected at least 1 s. Correct the schedule.", "--every: expected at least 1 s."],
    [
      'expected a time zone, got "Mars". Correct the schedule.',
      '--time-zone: expected a time zone, got "Mars".',
    ],
    ["Schedule `x` already exists", "Schedule `x` already exists"],
  ];
  for (const [error, expected] of cases)
    it(`is reported as ${expected}`, async () => {
      const fail = async () => {
        throw new Failure(error, { exitCode: exitCodes.refused, code: "schedule.plan_invalid" });
      };
      await assert.rejects(withTiming({ values }, fail), {
        message: expected,
        exitCode: exitCodes.refused,
        code: "schedule.plan_invalid",
      });
    });
});
