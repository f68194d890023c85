import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ForecastRequest, LearnedOutcome } from "@tutti/contracts/intelligence/v1";
import { forecastsOf } from "./forecast.ts";

const hourMs = 3_600_000;
const nowMs = 1_800_000_000_000;

/** Returns ends of attempts: a number for each of the past hours, the latest last. */
function outcomesOf(counts: readonly number[]): LearnedOutcome[] {
  return counts.flatMap((count, at) =>
    Array.from({ length: count }, (_, number) =>
      LearnedOutcome.fromPartial({
        ...{ capability: "pay", runMs: 1_000, endMs: nowMs - (counts.length - at) * hourMs + 1 + number },
      }),
    ),
  );
}

function forecastOf(counts: readonly number[]) {
  const request = ForecastRequest.fromPartial({
    subjects: [{ capability: "pay", measure: "starts_per_sec" }],
    stepMs: hourMs,
    horizonMs: 3 * hourMs,
  });
  const [series] = forecastsOf(outcomesOf(counts), request, nowMs);
  return series ?? assert.fail("expected a series");
}

describe("a forecast of the load", () => {
  it("has the error of the last 24 hours, and not that of the time before", () => {
    const wild = Array.from({ length: 24 }, (_, hour) => 1 + ((hour * 37) % 90));
    const calm = Array.from({ length: 24 }, () => 36);
    const [isCalm, isWild] = [forecastOf([...wild, ...calm]), forecastOf([...calm, ...wild])];
    assert.ok(isCalm.error < 0.1, `${isCalm.error}`);
    assert.ok(isWild.error > 0.3, `${isWild.error}`);
    assert.equal(isCalm.expected.length, 3);
    assert.ok(isCalm.low.every((low, at) => low <= (isCalm.expected[at] ?? 0)));
  });

  it("refuses unknown measures, including names of built-in object properties", () => {
    for (const measure of ["", "speed", "__proto__", "constructor"])
      assert.throws(
        () => forecastsOf([], ForecastRequest.fromPartial({ subjects: [{ measure }] }), nowMs),
        /expected `starts_per_sec`, `busy_slots`, `money_per_ms`, got/,
      );
  });
});
