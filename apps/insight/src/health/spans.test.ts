import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { healthSpans, overlaid } from "./spans.ts";

const missing = Number.NaN;
const of = (subject: string, values: readonly number[], startMs = 0) => ({
  ...{ subject, startMs, stepMs: 10, values },
});
const textsOf = (all: Parameters<typeof healthSpans>[0]) =>
  healthSpans(all).map(({ subject, state, fromMs, toMs }) => `${subject} ${state} ${fromMs}-${toMs ?? ""}`);

describe("the health over time", () => {
  it("has a span for each state, and the last one continues", () => {
    assert.deepEqual(textsOf([of("a", [0, 0, 1, 2, 2, 0])]), [
      ...["a ready 0-20", "a degraded 20-30", "a not_ready 30-50", "a ready 50-"],
    ]);
  });

  it("is gone while only others were recorded, and does not change while nothing was recorded", () => {
    assert.deepEqual(textsOf([of("a", [0, missing, missing, 0]), of("b", [0, 0, missing, 0])]), [
      ...["a ready 0-10", "a gone 10-30", "a ready 30-", "b ready 0-"],
    ]);
  });

  it("starts with the first value, and is gone after the last one", () => {
    assert.deepEqual(textsOf([of("new", [missing, 0, 0]), of("old", [0, 0]), of("all", [0, 0, 0])]), [
      ...["new ready 10-", "old ready 0-20", "old gone 20-", "all ready 0-"],
    ]);
  });

  it("is ready while a process is present without recorded trouble", () => {
    const presence = of("", [1, 1, 1, missing]);
    const ready = of("", [1, 1, 1]);
    assert.deepEqual(overlaid("a", presence, undefined, ready).values, [0, 0, 0, missing]);
    assert.deepEqual(overlaid("a", presence, of("", [2, missing, 1], 10), ready).values, [0, 2, 0, missing]);
  });

  for (const [title, ready, health, expected] of [
    ["a start within a step", [0, 1, 1], [2, 0, 1], [0, 0, 1]],
    ["a restart within a step", [1, 0.8, 1], [0, 0.2, 0], [0, 0, 0]],
    ["an end within a step", [1, 1, 0.3], [0, 1, 1.4], [0, 1, 0]],
  ] as const)
    it(`has no trouble of ${title}`, () => {
      const values = overlaid("a", of("", [1, 1, 1]), of("", health), of("", ready)).values;
      assert.deepEqual(values, expected);
    });

  it("is not ready if a start takes several steps", () => {
    const presence = of("", [1, 1, 1, 1]);
    const health = of("", [1, 1, 0.4, 0]);
    assert.deepEqual(
      overlaid("a", presence, health, of("", [missing, missing, 0.6, 1])).values,
      [2, 2, 0, 0],
    );
    assert.deepEqual(overlaid("a", presence, health, undefined).values, [2, 2, 2, 2]);
  });

  it("is degraded in a step with any degraded time", () => {
    assert.deepEqual(textsOf([of("a", [0.3, 0])]), ["a degraded 0-10", "a ready 10-"]);
    assert.deepEqual(textsOf([]), []);
  });
});
