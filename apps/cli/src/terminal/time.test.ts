import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { printAge, readDurationMs, readMomentMs } from "./time.ts";

describe("durations and moments", () => {
  const ages: readonly (readonly [number, string])[] = [
    [-400, "just now"],
    [-12_000, "12 s ago"],
    [-7_200_000, "2 h ago"],
    [300_000, "in 5 min"],
    [172_799_000, "in 2 d"],
    [3_599_900, "in 1 h"],
    [-200_000_000, "2 d ago"],
  ];
  for (const [offsetMs, text] of ages)
    it(`${offsetMs} ms from now is ${text}`, () => assert.equal(printAge(1e12 + offsetMs, 1e12), text));

  const durations: readonly (readonly [string, number | undefined])[] = [
    ["500ms", 500],
    ["30s", 30_000],
    ["1h30m", 5_400_000],
    ["1.5h", 5_400_000],
    ["2w", 1_209_600_000],
    ["30", undefined],
    ["", undefined],
    ["s", undefined],
    ["1 h", undefined],
  ];
  for (const [text, ms] of durations)
    it(`${JSON.stringify(text)} is read as ${ms}`, () => assert.equal(readDurationMs(text), ms));

  const moments: readonly (readonly [string, number | undefined])[] = [
    ["2h", 1e12 - 7_200_000],
    ["2026-03-01T14:00Z", Date.UTC(2026, 2, 1, 14)],
    ["2026-03-01", Date.UTC(2026, 2, 1)],
    ["1700000000000", 1_700_000_000_000],
    ["yesterday", undefined],
    ["12", undefined],
    ["2026-13-40", undefined],
  ];
  for (const [text, ms] of moments)
    it(`${text} is the moment ${ms}`, () => assert.equal(readMomentMs(text, 1e12), ms));
});
