import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Scaler } from "@tutti/contracts/swarm/v1";
import { scalingRulesOf } from "./rules.ts";
import { ScalingWindows, windowProblem } from "./windows.ts";

type Window = NonNullable<Parameters<typeof Scaler.fromPartial>[0]["windows"]>[number];

function boundsOf(windows: readonly Window[]) {
  const scaler = Scaler.fromPartial({ minAgents: 2, maxAgents: 8, windows: [...windows] });
  const known = new ScalingWindows(scaler.windows);
  return (time: string) => {
    const { minAgents, maxAgents, isNight } = known.boundsAt(scalingRulesOf(scaler), Date.parse(time));
    return isNight ? "night" : `${minAgents}..${maxAgents}`;
  };
}

const nightly: Window = { begin: "0 22 * * *", end: "0 6 * * *", timeZone: "Europe/Berlin" };

describe("bounds by the clock", () => {
  it("apply from the start of a window to its end, in its time zone", () => {
    const at = boundsOf([nightly]);
    assert.deepEqual(
      ["2026-07-01T19:59:59Z", "2026-07-01T20:00:00Z", "2026-07-02T03:59:59Z", "2026-07-02T04:00:00Z"].map(
        at,
      ),
      ["2..8", "night", "night", "2..8"],
    );
    assert.deepEqual(["2026-12-01T20:30:00Z", "2026-12-01T21:00:00Z"].map(at), ["2..8", "night"]);
  });

  it("are known in the middle of a window without earlier calls", () => {
    assert.equal(boundsOf([nightly])("2026-07-02T00:00:00Z"), "night");
  });

  it("are those of the last window that applies", () => {
    const saturday: Window = { begin: "0 0 * * 6", end: "0 0 * * 1", minAgents: 1, maxAgents: 3 };
    const at = boundsOf([nightly, saturday]);
    assert.deepEqual(["2026-07-03T23:00:00Z", "2026-07-04T23:00:00Z", "2026-07-06T00:30:00Z"].map(at), [
      "night",
      "1..3",
      "night",
    ]);
  });

  it("can be read in any order", () => {
    const at = boundsOf([nightly]);
    assert.deepEqual(["2026-07-02T00:00:00Z", "2026-07-01T12:00:00Z"].map(at), ["night", "2..8"]);
  });

  for (const [title, window, problem] of [
    ["no cron", { begin: "at ten", end: "0 6 * * *" }, /five fields/],
    ["an end that never comes", { begin: "0 6 * * *", end: "0 0 31 2 *" }, /never does/],
    ["a zone that is none", { ...nightly, timeZone: "Europe/Bern" }, /IANA/],
    ["more at least than at most", { ...nightly, minAgents: 3, maxAgents: 2 }, /must be at least/],
  ] as const)
    it(`are refused with ${title}`, () => {
      const [read] = Scaler.fromPartial({ windows: [window] }).windows;
      assert.match((read && windowProblem(read)) ?? "", problem);
    });

  it("are sound as they are usually written", () => {
    const [read] = Scaler.fromPartial({ windows: [nightly] }).windows;
    assert.equal(read && windowProblem(read), undefined);
  });
});
