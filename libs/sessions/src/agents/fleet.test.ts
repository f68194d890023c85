import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Agent } from "@tutti/contracts/swarm/v1";
import { TaskSpec } from "@tutti/contracts/types/v1";
import { demandText, roomFor } from "./fleet.ts";

function agent(agentId: string, capability: string, freeSlots: number): Agent {
  const capabilities = [{ name: capability, version: "1.0.0" }];
  return Agent.fromPartial({ agentId, pool: "default", freeSlots, offering: { slots: 4, capabilities } });
}

function task(capability: string): TaskSpec {
  return TaskSpec.fromPartial({ id: capability, work: { $case: "capability", value: capability } });
}

describe("the demand of a task", () => {
  const require = { equals: { zone: "east" }, exists: ["gpu"], absent: [] };
  for (const [title, request, expected] of [
    ["a capability", {}, "soup"],
    ["a range", { versionRange: "^2" }, "soup in ^2"],
    ["labels", { placement: { require } }, "soup with zone=east, gpu"],
    [
      "a pool and resources",
      { placement: { pool: "ovens" }, resources: { pot: 2 } },
      "soup of the pool ovens with 2 pot",
    ],
  ] as const)
    it(`is described in words: ${title}`, () => {
      const spec = TaskSpec.fromPartial({
        ...request,
        work: { $case: "capability", value: "soup" },
      } as object);
      assert.equal(demandText(spec, "default"), expected);
    });
});

describe("room for tasks", () => {
  const agents = [agent("cook", "soup", 3), agent("baker", "bread", 2), agent("busy", "wine", 0)];

  it("is the number of free slots of agents that can run one of them", () => {
    const { slots, accepts } = roomFor(agents, [task("bread"), task("wine")], "default");
    assert.equal(slots, 2);
    assert.deepEqual([accepts(task("bread")), accepts(task("wine"))], [true, false]);
  });

  it("is zero if only other agents are free", () => {
    assert.equal(roomFor(agents, [task("wine")], "default").slots, 0);
    assert.equal(roomFor(agents, [], "default").slots, 0);
  });
});
