import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Agent, ListAgentsReply } from "@tutti/contracts/swarm/v1";
import { TaskSpec } from "@tutti/contracts/types/v1";
import { testFoundation } from "@tutti/kernel/testing";
import { sessionServiceErrors } from "../../sessions/errors.ts";
import { checkTasks } from "./capabilities.ts";
import { RecentOfferings } from "./recent-offerings.ts";

const step = TaskSpec.fromPartial({ id: "a", work: { $case: "capability", value: "step" } });
const heavy = TaskSpec.fromPartial({ ...step, resources: { gpu: 2 } });

function agentWith(gpu: number): Agent {
  return Agent.fromPartial({ agentId: "one", offering: { resources: { gpu } } });
}

/** Pools whose agents come with one answer after the other, the last answer for ever. */
function check(answers: readonly Partial<ListAgentsReply>[], task: TaskSpec) {
  const foundation = testFoundation();
  const remaining = [...answers];
  let requestCount = 0;
  const dependencies = {
    foundation,
    recentOfferings: new RecentOfferings(foundation.clock),
    agents: {
      listAgents: async () => {
        requestCount++;
        return ListAgentsReply.fromPartial((remaining.length > 1 ? remaining.shift() : remaining[0]) ?? {});
      },
    },
    registry: { findCapabilities: async () => ({ versions: [] }) },
  };
  const checked = checkTasks(dependencies as never, [task], "", { namespace: "default", options: {} });
  return { checked, asked: () => requestCount, time: foundation.time };
}

describe("a capability that tasks of a session need", () => {
  it("is refused at once without a worker for it", async () => {
    const { checked, asked } = check([{}], step);
    await assert.rejects(checked, sessionServiceErrors.capabilityUnknown.is);
    assert.equal(asked(), 1);
  });

  it("is waited for while agents are on their way to a new owner of their pool", async () => {
    const { checked, time, asked } = check(
      [{ gathering: true }, { agents: [agentWith(0)], gathering: true }],
      step,
    );
    await time.advanceAsync(1_000);
    await checked;
    assert.equal(asked(), 2);
  });

  it("is waited for in the amount in which it is needed", async () => {
    const few = { agents: [agentWith(1)], gathering: true };
    const { checked, time } = check([few, few, { agents: [agentWith(2)] }], heavy);
    await time.advanceAsync(1_000);
    await checked;
  });

  it("is refused after all agents have connected and none offers it", async () => {
    const { checked, time } = check([{ gathering: true }, {}], step);
    const refused = assert.rejects(checked, sessionServiceErrors.capabilityUnknown.is);
    await time.advanceAsync(1_000);
    await refused;
  });
});
