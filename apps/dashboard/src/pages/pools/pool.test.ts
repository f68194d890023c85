import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Pool } from "@tutti/rest/types";
import { poolBadge, statusOf, waitReason } from "./pool.ts";

const pool = (status: Partial<NonNullable<Pool["status"]>>, changes: Partial<Pool> = {}): Pool => ({
  ...{ pool: "default", admits: [], weights: {}, labels: {}, status: { capabilities: [], ...status } },
  ...changes,
});

describe("a pool", () => {
  for (const [scenario, input, expected] of [
    ["that a person has paused", pool({ agents: { ready: 1 } }, { paused: true }), "paused"],
    ["without agents, with pending tasks", pool({ queued: 2 }), "no workers"],
    ["without agents and tasks", pool({}), "empty"],
    ["with all slots taken", pool({ agents: { busy: 1 }, slots: 4 }), "busy"],
    ["with room", pool({ agents: { ready: 1 }, slots: 4, freeSlots: 1 }), "ready"],
  ] as const)
    it(`${scenario} is shown as ${expected}`, () => assert.equal(poolBadge(input).label, expected));

  it("lists the capability with the most waiting tasks first", () => {
    const capability = (name: string, queued: number) => ({ capability: name, version: "1.0.0", queued });
    const { capabilities } = statusOf(
      pool({ capabilities: [capability("a", 0), capability("b", 3), capability("c", 1)] }),
    );
    assert.deepEqual(
      capabilities.map((each) => each.capability),
      ["b", "c", "a"],
    );
  });

  it("explains why a task waits, also for a cause without a text of its own", () => {
    assert.equal(waitReason("no_capability"), "no worker has this capability");
    assert.equal(waitReason("no_capability", "^9"), "no worker has this version of the capability");
    assert.equal(waitReason("approval"), "approval");
    assert.equal(waitReason(), "");
  });
});
