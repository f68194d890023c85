import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { setImmediate as nextTurn } from "node:timers/promises";
import { ClaimTasksReply } from "@tutti/contracts/agent/v1";
import { testFoundation } from "@tutti/kernel/testing";
import { ServiceAgent, type ServiceAgentParts } from "./service-agent.ts";

describe("the agent of a service", () => {
  for (const microtasks of [0, 1, 2, 3, 4, 5, 6])
    it(`polls again if it is woken ${microtasks} microtasks after an empty claim`, async () => {
      const foundation = testFoundation();
      const claim = Promise.withResolvers<ClaimTasksReply>();
      let claims = 0;
      const claimTasks = () => {
        claims++;
        return claim.promise;
      };
      const role = { service: "mail", poolDescription: "", description: "", slots: 1, claimMax: 1 };
      const agent = new ServiceAgent({
        foundation,
        polls: { claimTasks },
        role,
      } as unknown as ServiceAgentParts);
      agent.wake("default");
      claim.resolve(ClaimTasksReply.create());
      for (let turn = 0; turn < microtasks; turn++) await Promise.resolve();
      agent.wake("default");
      await nextTurn();
      assert.equal(claims, 2);
      await agent.stop();
    });

  it("does no task that is claimed in the moment in which it stops", async () => {
    const foundation = testFoundation();
    const claim = Promise.withResolvers<ClaimTasksReply>();
    const requests: string[] = [];
    const agent = new ServiceAgent({
      foundation,
      polls: { claimTasks: () => claim.promise, completeTasks: async () => void requests.push("complete") },
      runs: { getRun: async () => void requests.push("run") },
      role: { service: "mail", poolDescription: "", description: "", slots: 1, claimMax: 1 },
    } as unknown as ServiceAgentParts);
    agent.wake("default");
    const stopped = agent.stop();
    claim.resolve(ClaimTasksReply.fromPartial({ tasks: [{ token: "ab", work: { kind: "run", id: "a" } }] }));
    await stopped;
    await nextTurn();
    assert.deepEqual([requests, foundation.time.pending], [[], 0]);
  });
});
