import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Approval, BoardTask, Mission, MissionSpec, Vote } from "@tutti/rest/types";
import { steeringCall, steeringCommand } from "../../elements/steering.ts";
import { decideCall, decideCommand } from "../inbox/decide.ts";
import {
  actionsOf,
  budgetLines,
  budgetShare,
  budgetText,
  deadlineOf,
  inLine,
  isMatchingTask,
  ruleText,
  statesOf,
  tallied,
  targetText,
  tasksOver,
  titleOf,
  usageText,
} from "./mission.ts";
import { missionSearch, missionsSearch } from "./search.ts";

const spec = (changes: Partial<MissionSpec>): MissionSpec => ({
  ...{ tasks: [], roles: [], stopConditions: [], labels: {} },
  ...changes,
});

describe("a mission is called by", () => {
  for (const [scenario, input, expected] of [
    ["its title", { spec: spec({ title: "Pages", goal: "Write them" }) }, "Pages"],
    ["the first line of its goal", { spec: spec({ goal: "Write pages\nwith care" }) }, "Write pages"],
    ["its definition", { definition: "press" }, "press"],
    ["nothing but its id", {}, ""],
    ["no more of a long goal than fits", { spec: spec({ goal: "x".repeat(200) }) }, `${"x".repeat(119)}…`],
  ] as const)
    it(scenario, () => assert.equal(titleOf(input), expected));
});

describe("a budget", () => {
  const budget = {
    limit: { tokens: 1_000, timeMs: 60_000 },
    spent: { tokens: 250, money: 0.5, timeMs: 30_000 },
    reserved: { tokens: 100 },
    available: { tokens: 650, timeMs: 30_000 },
    reservations: [],
  };
  it("has a line for each amount that is limited or was used, in numbers", () => {
    assert.deepEqual(
      budgetLines(budget).map((line) => `${line.name}: ${budgetText(line)}`),
      [
        "Tokens: 250 of 1,000 used, 25 %, 100 reserved, 650 left",
        "Money: 0.5 used, without limit",
        "Time: 30 s of 1 min used, 50 %, 30 s left",
      ],
    );
  });
  it("is used as far as that of its amounts that is nearest to its end", () => {
    assert.equal(budgetShare(budget), 0.5);
    assert.equal(budgetShare({ spent: { tokens: 3 }, reservations: [] }), undefined);
    assert.equal(budgetShare(undefined), undefined);
  });
  it("is described in words if it has no line", () => {
    assert.equal(usageText({ tokens: 1_200, timeMs: 2_000 }), "1,200 tokens, 2 s");
    assert.equal(usageText(undefined), "");
  });
});

describe("a vote", () => {
  const vote = (changes: Partial<Vote> = {}): Vote => ({
    ...{ voteId: "colour", openTimeMs: 1_000, options: [{ option: "red" }, { option: "blue" }] },
    ...{ weights: { ann: 3 }, ballots: [] },
    ...changes,
  });
  const ballot = (agentId: string, ...ranking: readonly string[]) => ({ agentId, ranking });
  it("counts first choices by the weight of the voters while it is open", () => {
    const open = vote({ ballots: [ballot("ann", "red", "blue"), ballot("bob", "blue")] });
    assert.deepEqual(
      tallied(open).map(({ option, weight, share, by }) => [option, weight, share, by]),
      [
        ["red", 3, 0.75, ["ann"]],
        ["blue", 1, 0.25, ["bob"]],
      ],
    );
  });
  it("uses the weights of its outcome once it is closed, and a share of 0 without ballots", () => {
    const closed = vote({
      ballots: [ballot("ann", "red")],
      outcome: { winner: "blue", weights: { blue: 2 } },
    });
    assert.deepEqual(
      tallied(closed).map(({ weight }) => weight),
      [3, 2],
    );
    assert.deepEqual(
      tallied(vote()).map(({ share }) => share),
      [0, 0],
    );
  });
  for (const [scenario, input, expected] of [
    ["by its usual rule", {}, "more than half"],
    [
      "with quorum, role and tie",
      { rule: "two_thirds", quorum: 0.5, role: "judge", tie: "first" },
      "two thirds, at least 50 % of the voters, role judge, ties: first option wins",
    ],
  ] as const)
    it(`is described ${scenario}`, () => assert.equal(ruleText(vote(input)), expected));
  it("has a deadline only if it is open and has a timeout", () => {
    assert.equal(deadlineOf(vote({ timeoutMs: 500 })), 1_500);
    assert.equal(deadlineOf(vote()), undefined);
    assert.equal(deadlineOf(vote({ timeoutMs: 500, outcome: { weights: {} } })), undefined);
  });
});

describe("the shared state of a mission", () => {
  const task = (changes: Partial<BoardTask>): BoardTask => ({
    ...{ status: "queued", handoffs: [] },
    spec: {
      id: "draw",
      capability: "picture.draw",
      ...{ needs: [], labels: {}, resources: {} },
      checks: [],
      limits: [],
    },
    ...changes,
  });
  for (const [scenario, filter, expected] of [
    ["without a wish", { text: "", state: "" }, true],
    ["by what does it and who has it", { text: "PICTURE ann", state: "" }, true],
    ["by how it stands", { text: "draw", state: "running" }, true],
    ["not by another state", { text: "", state: "queued" }, false],
    ["not by half of the words", { text: "draw bob", state: "" }, false],
  ] as const)
    it(`finds a task ${scenario}`, () =>
      assert.equal(
        isMatchingTask(task({ status: "running", claim: { pool: "", agentId: "ann" } }), filter),
        expected,
      ));
  it("counts tasks by state, and counts ended tasks", () => {
    assert.deepEqual(statesOf([task({}), task({ status: "failed" }), task({})]), [
      ["queued", 2],
      ["failed", 1],
    ]);
    assert.equal(tasksOver({ total: 9, completed: 3, failed: 1, skipped: 1, running: 4 }), 5);
    assert.equal(tasksOver(undefined), 0);
  });
  it("names the recipients of a message", () => {
    assert.deepEqual(
      [{ agentId: "ann" }, { role: "judge" }, { topic: "news" }, { everybody: {} }].map(targetText),
      ["ann", "role judge", "topic news", "all agents"],
    );
  });
  it("shows a value in one line, and truncates a longer value", () => {
    assert.deepEqual([inLine("a b"), inLine({ a: 1 }), inLine("abcdef", 4)], ["a b", '{"a":1}', "abc…"]);
  });
});

describe("a mission and its actions", () => {
  const labels = (status: Mission["status"], endTimeMs = 0) =>
    actionsOf({ status, endTimeMs }).map(({ label }) => label);
  it("offers only the actions that its state allows", () => {
    assert.deepEqual(labels("running"), ["Pause", "Cancel", "Terminate"]);
    assert.deepEqual(labels("paused"), ["Resume", "Cancel", "Terminate"]);
    assert.deepEqual(labels("cancelling"), ["Terminate"]);
    assert.deepEqual(labels("completed", 5), []);
  });
  it("has a REST call and a CLI command with the reason", () => {
    const [, cancel, terminate] = actionsOf({ status: "running" });
    assert.ok(cancel !== undefined && terminate !== undefined);
    assert.deepEqual(steeringCall({ kind: "missions", id: "m/1" }, cancel, "enough"), {
      method: "POST",
      path: "/v1/missions/m%2F1/cancel",
      body: { reason: "enough" },
    });
    assert.equal(
      steeringCommand({ kind: "missions", id: "m1" }, cancel, "it rains"),
      "tutti cancel m1 --reason 'it rains'",
    );
    assert.equal(steeringCommand({ kind: "missions", id: "m1" }, terminate, ""), "tutti cancel m1 --now");
  });
  it("has its questions decided below it", () => {
    const approval: Approval = {
      ...{ approvalId: "q1", about: { kind: "mission", id: "poem" }, deciders: [], decisions: [] },
      ...{ delegations: [], excluded: [] },
      verdict: "unspecified",
    };
    const decision = { verdict: "approved", data: { tokens: 50 }, reason: "" } as const;
    assert.deepEqual(decideCall(approval, decision), {
      method: "POST",
      path: "/v1/missions/poem/approvals/q1",
      body: { verdict: "approved", data: { tokens: 50 } },
    });
    assert.equal(decideCommand(approval, decision), `tutti approve poem q1 --form '{"tokens":50}'`);
  });
});

describe("the address of a page of missions", () => {
  it("keeps valid parameters, and drops the rest", () => {
    assert.deepEqual(missionsSearch({ text: "shop", status: "running", more: 1 }), {
      text: "shop",
      status: ["running"],
    });
    assert.deepEqual(missionsSearch({ text: "", status: [3] }), {});
    assert.deepEqual(missionSearch({ view: "votes", task: "draw" }), { view: "votes", task: "draw" });
    assert.deepEqual(missionSearch({ view: "elsewhere" }), {});
  });
});
