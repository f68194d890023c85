import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Cause, Explanation, TaskSpec } from "@tutti/contracts/types/v1";
import { silentLogger } from "@tutti/kernel";
import { VirtualTime } from "@tutti/kernel/testing";
import { HeldPlans } from "./held-plans.ts";
import { JudgedPlans, type PlanRules } from "./judged-plans.ts";

const key = { namespace: "default", kind: "session", id: "s" };
const place = { task: 0, agent: "a", startMs: 1, endMs: 2 };
const options = { signal: new AbortController().signal };
const proposed = { begin: [place], plan: undefined };
const view = {
  tasks: [{ spec: TaskSpec.fromPartial({ id: "boil" }) }],
  createCause: Cause.fromPartial({ actor: { id: "ada" } }),
};

function scene() {
  const time = new VirtualTime();
  const heldPlans = new HeldPlans();
  const requests: string[] = [];
  const state = { words: "may it?", answer: (): string | undefined => "approval-1" };
  const rules: PlanRules = {
    concernsPlans: () => true,
    plan: ({ tasks }, _, requester) => {
      assert.deepEqual([tasks[0]?.id, tasks[0]?.begins, requester.actor?.id], ["boil", true, "ada"]);
      const { words: name } = state;
      const requestDecision = () => {
        requests.push(name);
        return Promise.resolve().then(() => state.answer());
      };
      return name === "" ? [] : [{ name, message: name, requestDecision }];
    },
  };
  const foundation = { clock: time, logger: silentLogger };
  const plans = new JudgedPlans({ rules, heldPlans, cause: Cause.create(), foundation }, key, 0);
  const why = () => {
    const about = { namespace: "default", kind: "session", id: "s", task: "" };
    return heldPlans.explained(key, Explanation.fromPartial({ about, summary: "1 task is left" }));
  };
  return { time, plans, requests, state, why };
}

describe("a plan that requires an approval", () => {
  it("is held until a person has approved, and the same question is not asked again", async () => {
    const { time, plans, requests, state, why } = scene();
    assert.equal(await plans.isHeld(options), false, "nothing was planned yet");
    assert.equal(plans.admits(view, proposed), false);
    assert.equal(await plans.isHeld(options), true);
    assert.deepEqual(
      why().waits.map(({ message, subject }) => [message, subject]),
      [["may it?", "approval-1"]],
    );
    assert.match(why().summary, /^Its plan waits for a person: may it\?\. 1 task is left$/);
    assert.deepEqual(
      why().remedies.map(({ command }) => command),
      ["tutti approve approval-1"],
    );
    assert.equal(await plans.isHeld(options), true);
    assert.equal(requests.length, 1, "it is not looked all the time");
    state.answer = () => undefined;
    await time.advance(2_000);
    assert.equal(await plans.isHeld(options), false);
    assert.deepEqual(why().waits, []);
    assert.equal(plans.admits(view, proposed), true);
    state.words = "may it with two more?";
    assert.equal(plans.admits(view, proposed), false, "other words are another question");
  });

  it("is evaluated again if the request for approval failed", async () => {
    const { plans, state } = scene();
    assert.equal(plans.admits(view, proposed), false);
    state.answer = () => {
      throw new Error("away");
    };
    await assert.rejects(plans.isHeld(options), /away/);
    state.answer = () => undefined;
    assert.equal(await plans.isHeld(options), false);
    assert.equal(plans.admits(view, proposed), true);
  });

  it("is no longer listed when it is no longer planned here", async () => {
    const { plans, why } = scene();
    plans.admits(view, proposed);
    await plans.isHeld(options);
    plans.close();
    assert.deepEqual(why().waits, []);
  });

  it("is followed at once if no rule requires an approval", () => {
    const { plans, state } = scene();
    state.words = "";
    assert.equal(plans.admits(view, proposed), true);
  });
});
