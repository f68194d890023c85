import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isRefusal } from "@tutti/kernel";
import {
  advancePastGrouping,
  driven,
  messages,
  reportFiring,
  settleAll,
  silence,
  stateOf,
} from "../alert.fixture.ts";
import { windowAt } from "./recurrence.ts";

const hourMs = 3_600_000;
const at = (text: string) => Date.parse(text);
const windowText = (cron: string, timeZone: string, durationMs: number, now: string) => {
  const window = windowAt({ cron, timeZone, durationMs, endMs: 0 }, at(now));
  return window && [window.fromMs, window.toMs].map((ms) => new Date(ms).toISOString().slice(0, 16));
};

describe("maintenance windows that recur", () => {
  for (const [now, from, to] of [
    // Before, within and after the window of a Saturday.
    ["2026-11-27T12:00Z", "2026-11-28T21:00", "2026-11-28T23:00"],
    ["2026-11-28T22:59Z", "2026-11-28T21:00", "2026-11-28T23:00"],
    ["2026-11-28T23:00Z", "2026-12-05T21:00", "2026-12-05T23:00"],
    // In summer, the same local time is an hour earlier.
    ["2026-07-01T00:00Z", "2026-07-04T20:00", "2026-07-04T22:00"],
  ] as const)
    it(`at ${now}, the window is from ${from}`, () =>
      assert.deepEqual(windowText("0 22 * * SAT", "Europe/Berlin", 2 * hourMs, now), [from, to]));

  it("have no window after their end", () => {
    const recurrence = {
      cron: "0 22 * * *",
      timeZone: "",
      durationMs: hourMs,
      endMs: at("2026-11-28T22:00Z"),
    };
    assert.ok(windowAt(recurrence, at("2026-11-27T23:00Z")) === undefined);
    assert.ok(windowAt(recurrence, at("2026-11-27T22:30Z")) !== undefined);
  });

  it("suppress messages in each window, and receivers are notified between windows", () => {
    const driver = driven();
    // One hour of every two.
    const recurrence = { cron: "0 */2 * * *", timeZone: "", durationMs: hourMs, endMs: 0 };
    silence(driver, { recurrence });
    const [first] = stateOf(driver).silences;
    const id = first?.silenceId;
    assert.ok(first !== undefined);
    const into = (ms: number) => driver.advance(ms - driver.nowMs);
    if (driver.nowMs < first.fromMs) into(first.fromMs);
    reportFiring(driver, "a");
    advancePastGrouping(driver);
    assert.deepEqual(messages(driver), []);
    into(first.toMs + 1_000);
    assert.equal(messages(driver).length, 1);
    settleAll(driver);
    const [second] = stateOf(driver).silences;
    assert.deepEqual([second?.silenceId, second?.fromMs], [id, first.fromMs + 2 * hourMs]);
    reportFiring(driver, "a", "b");
    advancePastGrouping(driver);
    driver.advance(20_000);
    assert.equal(messages(driver).length, 1);
    settleAll(driver);
    into(first.fromMs + 2 * hourMs + 60_000);
    reportFiring(driver, "a", "b", "c");
    driver.advance(20_000);
    assert.deepEqual(messages(driver), []);
  });

  it("a mistake is refused with its field", () => {
    const driver = driven();
    for (const [fields, expected] of [
      [{ cron: "0 22 * *" }, /recurrence/],
      [{ timeZone: "Nowhere" }, /time zone/],
      [{ durationMs: 1 }, /recurrence\.durationMs/],
      [{ endMs: 1 }, /expected a time in the future/],
    ] as const) {
      const recurrence = { cron: "0 22 * * *", timeZone: "", durationMs: hourMs, endMs: 0, ...fields };
      const answer = silence(driver, { recurrence });
      assert.ok(isRefusal(answer) && expected.test(answer.message), JSON.stringify(answer));
    }
  });
});
