import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Agent } from "@tutti/rest/types";
import { planRoll, rollReason, rollState, withoutAgents } from "./roll-plan.ts";

const agent = (agentId: string, version: string, more: Partial<Agent> = {}, slots = 1): Agent => ({
  ...{ agentId, pool: "default", kind: "function", state: "ready", speeds: [] },
  offering: { capabilities: [{ name: "pay", version }], labels: {}, slots, resources: {}, contextKeys: [] },
  ...(more as object),
});
const pausedBy = (reason: string) => ({ hold: "paused", holdCause: { reason } }) as const;
const roll = (percent: number) => ({ capability: "pay", version: "2.0.0", percent });
const old = ["a1", "a2", "a3", "a4"].map((id) => agent(id, "1.0.0"));
const fresh = ["b1", "b2", "b3", "b4"].map((id) => agent(id, "2.0.0"));

/** Returns the agents after a plan was applied. */
function after(agents: readonly Agent[], percent: number): Agent[] {
  const plan = planRoll(agents, roll(percent));
  assert.ok(typeof plan !== "string", String(plan));
  return agents.map((each) => {
    if (plan.pause.includes(each.agentId))
      return { ...each, ...pausedBy(rollReason(roll(percent))) } as Agent;
    return plan.resume.includes(each.agentId) ? ({ ...each, hold: "none" } as Agent) : each;
  });
}
const activeOf = (agents: readonly Agent[]) =>
  rollState(agents, "pay").map(({ version, active }) => `${version} ${active.join("+")}`);

describe("a roll of a version over a fleet", () => {
  it("gives the version its percentage of the slots, and keeps its agents when the percentage grows", () => {
    let agents: Agent[] = [...old, ...fresh];
    agents = after(agents, 25);
    assert.deepEqual(activeOf(agents), ["1.0.0 a1+a2+a3", "2.0.0 b1"]);
    assert.deepEqual(planRoll(agents, roll(25)), { sides: rollState(agents, "pay"), resume: [], pause: [] });
    agents = after(agents, 50);
    assert.deepEqual(activeOf(agents), ["1.0.0 a1+a2", "2.0.0 b1+b2"]);
    agents = after(agents, 100);
    assert.deepEqual(activeOf(agents), ["1.0.0 ", "2.0.0 b1+b2+b3+b4"]);
    agents = after(agents, 0);
    assert.deepEqual(activeOf(agents), ["1.0.0 a1+a2+a3+a4", "2.0.0 "]);
  });

  it("names the other capabilities that have no active agent, once they have none", () => {
    const offering = (agentId: string, version: string, names: readonly string[]) => ({
      ...agent(agentId, version),
      offering: {
        ...{ capabilities: names.map((name) => ({ name, version })), labels: {} },
        ...{ slots: 1, resources: {}, contextKeys: [] },
      },
    });
    const fleet = [
      offering("a1", "1.0.0", ["pay", "refund", "report"]),
      offering("b1", "2.0.0", ["pay"]),
      offering("c1", "1.0.0", ["report"]),
      { ...offering("d1", "1.0.0", ["refund"]), ...pausedBy("it is ill") } as Agent,
    ];
    assert.deepEqual(withoutAgents(fleet, rollState(fleet, "pay")), []);
    const rolled = after(fleet, 100);
    assert.deepEqual(withoutAgents(rolled, rollState(rolled, "pay")), ["refund"]);
    const back = after(rolled, 0);
    assert.deepEqual(withoutAgents(back, rollState(back, "pay")), []);
    const plan = planRoll(fleet, roll(100));
    assert.ok(typeof plan !== "string");
    assert.deepEqual(withoutAgents(fleet, plan.sides), ["refund"]);
  });

  it("counts slots, and skips agents that are paused for another reason", () => {
    const agents = [
      agent("a1", "1.0.0", {}, 6),
      agent("a2", "1.0.0", {}, 2),
      agent("a3", "1.0.0", pausedBy("it is ill"), 9),
      agent("b1", "2.0.0", {}, 4),
      agent("b2", "2.0.0", { state: "gone" }, 4),
    ];
    const plan = planRoll(agents, roll(25));
    assert.ok(typeof plan !== "string");
    assert.deepEqual([plan.pause, plan.resume], [["a2"], []]);
  });

  it("names the missing agents or slots", () => {
    assert.match(String(planRoll(old, roll(25))), /No agent offers `pay` in version 2\.0\.0/);
    assert.match(String(planRoll(fresh, roll(25))), /No agent offers another version/);
    const few = [...old, agent("b1", "2.0.0")];
    assert.match(String(planRoll(few, roll(50))), /50 % of the fleet are 2 slots, and version 2\.0\.0 has 1/);
  });
});
