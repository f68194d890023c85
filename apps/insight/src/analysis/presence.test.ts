import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { presenceOf } from "./presence.ts";

const whole = { fromMs: 100, toMs: Number.POSITIVE_INFINITY };
const state = (name: string, sinceMs: number) => ({ state: name, sinceMs });

describe("the presence of a recorded agent", () => {
  it("is complete if no recorded state is gone", () => {
    assert.deepEqual(presenceOf(whole, [state("ready", 100), state("draining", 200)], []), [whole]);
  });

  it("excludes the time between leaving and return", () => {
    const states = [state("ready", 100), state("gone", 200), state("ready", 500), state("gone", 700)];
    assert.deepEqual(presenceOf({ fromMs: 100, toMs: 700 }, states, []), [
      { fromMs: 100, toMs: 200 },
      { fromMs: 500, toMs: 700 },
    ]);
  });

  it("lasts for the attempts that it had", () => {
    const states = [state("ready", 100), state("gone", 200), state("ready", 500)];
    const attempts = [
      { assignedMs: 150, endedMs: 230 },
      { assignedMs: 450, endedMs: 480 },
    ];
    assert.deepEqual(presenceOf(whole, states, attempts), [
      { fromMs: 100, toMs: 231 },
      { fromMs: 450, toMs: Number.POSITIVE_INFINITY },
    ]);
    assert.deepEqual(presenceOf(whole, states, [{ assignedMs: 150, endedMs: 600 }]), [whole]);
  });
});
