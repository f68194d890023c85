import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BoardTask, Vote } from "@tutti/rest/types";
import { howItCame, partWords, voteWords } from "./reading.ts";

const task = (given: Partial<BoardTask>): BoardTask => ({
  ...{ status: "pending", handoffs: [] },
  ...given,
});

describe("what is said of how a task comes to its agent", () => {
  const queued = task({ status: "queued" });
  const limited = task({
    status: "queued",
    spec: { id: "a", limits: [{ key: "k" }] } as unknown as NonNullable<BoardTask["spec"]>,
  });
  for (const [said, of, assignment] of [
    ["its pool looks for an agent, and whoever claims it first has it", queued, "both"],
    ["its pool looks for an agent, and whoever claims it first has it", queued, undefined],
    ["its pool looks for an agent", queued, "offered"],
    ["whoever claims it first has it", queued, "claimed"],
    ["its pool looks for an agent", limited, "both"],
    ["whoever claims it first has it", limited, "claimed"],
    ["nobody has it yet", task({ status: "pending" }), "both"],
    [
      "its pool gave it to ann",
      task({ status: "running", claim: { claimId: "c", pool: "default", agentId: "ann" } }),
      "both",
    ],
    [
      "ann claimed it",
      task({ claim: { claimId: "c", pool: "default", agentId: "ann", expireTimeMs: 5 } }),
      "both",
    ],
    ["ann had it", task({ status: "completed", agentId: "ann", endTimeMs: 5 }), "both"],
    ["nobody did it", task({ status: "skipped", endTimeMs: 5 }), "both"],
    ["a run of its own does it", task({ child: { kind: "run", id: "r" } }), "both"],
    [
      "its pool looks for an agent, as a part of plan that bob delegated",
      task({ status: "queued", parentTaskId: "plan", addCause: { actor: { kind: "agent", id: "bob" } } }),
      "offered",
    ],
  ] as const)
    it(`${of.status} ${assignment ?? ""}: ${said}`, () => assert.equal(howItCame(of, assignment), said));

  it("is no part where nobody delegated it", () => {
    assert.equal(partWords(queued), "");
    assert.equal(partWords(task({ parentTaskId: "plan" })), "a part of plan");
  });
});

describe("what is said of an open vote", () => {
  const vote = (rule: Vote["rule"], ...choices: string[]): Vote => ({
    ...{ voteId: "v", weights: {} },
    ...(rule !== undefined && { rule }),
    options: [{ option: "red" }, { option: "blue" }, { option: "green" }],
    ballots: choices.map((choice, at) => ({ agentId: `a${at}`, ranking: [choice] })),
  });
  for (const [said, of] of [
    ["nobody has voted yet", vote("majority")],
    ["red leads with 66 %, and would be chosen now", vote("majority", "red", "red", "blue")],
    ["red leads with 50 %, and that is not enough yet", vote("majority", "red", "red", "blue", "green")],
    ["red leads with 50 %, and would be chosen now", vote("plurality", "red", "red", "blue", "green")],
    [
      "red leads with 66 %, and would be chosen as soon as enough have voted",
      { ...vote("majority", "red", "red", "blue"), quorum: 0.5 },
    ],
    ["red and blue are level with 50 % each", vote("majority", "red", "blue")],
    ["red, blue and green are level with 33 % each", vote("majority", "red", "blue", "green")],
    ["red leads with 66 %, and would be chosen now", vote("two_thirds", "red", "red", "blue")],
    ["red leads with 66 %, and that is not enough yet", vote("unanimous", "red", "red", "blue")],
    ["red leads with 66 % of the first choices", vote("ranked", "red", "red", "blue")],
  ] as const)
    it(`${of.rule}, ${of.ballots.length} ballots: ${said}`, () => assert.equal(voteWords(of), said));

  it("is nothing of one that is closed: its outcome says it", () => {
    const closed = vote("majority", "red");
    assert.equal(voteWords({ ...closed, outcome: { winner: "red", weights: { red: 1 } } }), "");
  });
});
