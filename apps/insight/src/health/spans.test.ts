import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { healthSpans, overlaid } from "./spans.ts";

const none = Number.NaN;
const of = (subject: string, values: readonly number[], startMs = 0) => ({
  ...{ subject, startMs, stepMs: 10, values },
});
const shown = (all: Parameters<typeof healthSpans>[0]) =>
  healthSpans(all).map(({ subject, state, fromMs, toMs }) => `${subject} ${state} ${fromMs}-${toMs ?? ""}`);

describe("the health over time", () => {
  it("has a span for each state, and the last one continues", () => {
    assert.deepEqual(shown([of("a", [0, 0, 1, 2, 2, 0])]), [
      ...["a ready 0-20", "a degraded 20-30", "a not_ready 30-50", "a ready 50-"],
    ]);
  });

  it("is gone where others were recorded, and unknown where nothing was", () => {
    assert.deepEqual(shown([of("a", [0, none, none, 0]), of("b", [0, 0, none, 0])]), [
      ...["a ready 0-10", "a gone 10-30", "a ready 30-", "b ready 0-"],
    ]);
  });

  it("starts with the first value, and is gone after the last one", () => {
    assert.deepEqual(shown([of("new", [none, 0, 0]), of("old", [0, 0]), of("all", [0, 0, 0])]), [
      ...["new ready 10-", "old ready 0-20", "old gone 20-", "all ready 0-"],
    ]);
  });

  it("is that of a process that is there, where no trouble was recorded", () => {
    const presence = of("", [1, 1, 1, none]);
    const ready = of("", [1, 1, 1]);
    assert.deepEqual(overlaid("a", presence, undefined, ready).values, [0, 0, 0, none]);
    assert.deepEqual(overlaid("a", presence, of("", [2, none, 1], 10), ready).values, [0, 2, 0, none]);
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

  it("is not ready where a start takes several steps", () => {
    const presence = of("", [1, 1, 1, 1]);
    const health = of("", [1, 1, 0.4, 0]);
    assert.deepEqual(overlaid("a", presence, health, of("", [none, none, 0.6, 1])).values, [2, 2, 0, 0]);
    assert.deepEqual(overlaid("a", presence, health, undefined).values, [2, 2, 2, 2]);
  });

  it("takes the mean of a minute for degraded, however short it was", () => {
    assert.deepEqual(shown([of("a", [0.3, 0])]), ["a degraded 0-10", "a ready 10-"]);
    assert.deepEqual(shown([]), []);
  });
});
