import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Agent, ListAgentsReply } from "@tutti/contracts/swarm/v1";
import { TaskSpec } from "@tutti/contracts/types/v1";
import { testFoundation } from "@tutti/kernel/testing";
import { sessionServiceErrors } from "../../sessions/errors.ts";
import { checkTasks } from "./capabilities.ts";
import { OfferingsSeen } from "./offerings-seen.ts";

const step = TaskSpec.fromPartial({ id: "a", work: { $case: "capability", value: "step" } });
const heavy = TaskSpec.fromPartial({ ...step, resources: { gpu: 2 } });

function agentWith(gpu: number): Agent {
  return Agent.fromPartial({ agentId: "one", offering: { resources: { gpu } } });
}

/** Pools whose agents come with one answer after the other, the last answer for ever. */
function check(answers: readonly Partial<ListAgentsReply>[], task: TaskSpec) {
  const foundation = testFoundation();
  const left = [...answers];
  let asked = 0;
  const dependencies = {
    foundation,
    seen: new OfferingsSeen(foundation.clock),
    agents: {
      listAgents: async () => {
        asked++;
        return ListAgentsReply.fromPartial((left.length > 1 ? left.shift() : left[0]) ?? {});
      },
    },
    registry: { findCapabilities: async () => ({ versions: [] }) },
  };
  const checked = checkTasks(dependencies as never, [task], "", { namespace: "default", options: {} });
  return { checked, asked: () => asked, time: foundation.time };
}

describe("what tasks of a session need", () => {
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

  it("is refused when all agents have come and none offers it", async () => {
    const { checked, time } = check([{ gathering: true }, {}], step);
    const refused = assert.rejects(checked, sessionServiceErrors.capabilityUnknown.is);
    await time.advanceAsync(1_000);
    await refused;
  });
});
