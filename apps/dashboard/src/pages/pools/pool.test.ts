import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Pool } from "@tutti/rest/types";
import { standOfPool, statusOf, whyWaiting } from "./pool.ts";

const pool = (status: Partial<NonNullable<Pool["status"]>>, given: Partial<Pool> = {}): Pool => ({
  ...{ pool: "default", admits: [], weights: {}, labels: {}, status: { capabilities: [], ...status } },
  ...given,
});

describe("a pool", () => {
  for (const [what, given, expected] of [
    ["that a person has paused", pool({ agents: { ready: 1 } }, { paused: true }), "paused"],
    ["without agents, with pending tasks", pool({ queued: 2 }), "no workers"],
    ["without agents and tasks", pool({}), "empty"],
    ["with all slots taken", pool({ agents: { busy: 1 }, slots: 4 }), "busy"],
    ["with room", pool({ agents: { ready: 1 }, slots: 4, freeSlots: 1 }), "ready"],
  ] as const)
    it(`${what} says ${expected}`, () => assert.equal(standOfPool(given).word, expected));

  it("names first what most wait for", () => {
    const capability = (name: string, queued: number) => ({ capability: name, version: "1.0.0", queued });
    const { capabilities } = statusOf(
      pool({ capabilities: [capability("a", 0), capability("b", 3), capability("c", 1)] }),
    );
    assert.deepEqual(
      capabilities.map((each) => each.capability),
      ["b", "c", "a"],
    );
  });

  it("says in words why a task waits, also where it knows none of its own", () => {
    assert.equal(whyWaiting("no_capability"), "no worker has this capability");
    assert.equal(whyWaiting("approval"), "approval");
    assert.equal(whyWaiting(), "");
  });
});
