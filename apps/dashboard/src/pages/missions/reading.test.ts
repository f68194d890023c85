import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { BoardTask, Vote } from "@tutti/rest/types";
import { assignmentDetails, partText, voteText } from "./reading.ts";

const task = (changes: Partial<BoardTask>): BoardTask => ({ status: "pending", handoffs: [], ...changes });

describe("the assignment of a task", () => {
  const queued = task({ status: "queued" });
  const limited = task({
    status: "queued",
    spec: { id: "a", limits: [{ key: "k" }] } as unknown as NonNullable<BoardTask["spec"]>,
  });
  for (const [expected, of, assignment] of [
    ["waits for an assignment or a claim", queued, "both"],
    ["waits for an assignment or a claim", queued, undefined],
    ["waits for an assignment", queued, "offered"],
    ["waits for a claim", queued, "claimed"],
    ["waits for an assignment", limited, "both"],
    ["waits for a claim", limited, "claimed"],
    ["not assigned yet", task({ status: "pending" }), "both"],
    [
      "assigned to ann",
      task({ status: "running", claim: { claimId: "c", pool: "default", agentId: "ann" } }),
      "both",
    ],
    [
      "ann claimed it",
      task({ claim: { claimId: "c", pool: "default", agentId: "ann", expireTimeMs: 5 } }),
      "both",
    ],
    ["ann ran it", task({ status: "completed", agentId: "ann", endTimeMs: 5 }), "both"],
    ["no agent", task({ status: "skipped", endTimeMs: 5 }), "both"],
    ["a child run runs it", task({ child: { kind: "run", id: "r" } }), "both"],
    [
      "waits for an assignment, as a part of plan that bob delegated",
      task({ status: "queued", parentTaskId: "plan", addCause: { actor: { kind: "agent", id: "bob" } } }),
      "offered",
    ],
  ] as const)
    it(`${of.status} ${assignment ?? ""}: ${expected}`, () =>
      assert.equal(assignmentDetails(of, assignment), expected));

  it("has no part without a delegation", () => {
    assert.equal(partText(queued), "");
    assert.equal(partText(task({ parentTaskId: "plan" })), "a part of plan");
  });
});

describe("an open vote", () => {
  const vote = (rule: Vote["rule"], ...choices: string[]): Vote => ({
    ...{ voteId: "v", weights: {} },
    ...(rule !== undefined && { rule }),
    options: [{ option: "red" }, { option: "blue" }, { option: "green" }],
    ballots: choices.map((choice, at) => ({ agentId: `a${at}`, ranking: [choice] })),
  });
  for (const [expected, of] of [
    ["no votes yet", vote("majority")],
    ["red leads with 67 %, and wins now", vote("majority", "red", "red", "blue")],
    ["red leads with 50 %, and quorum not reached", vote("majority", "red", "red", "blue", "green")],
    ["red leads with 50 %, and wins now", vote("plurality", "red", "red", "blue", "green")],
    [
      "red leads with 67 %, and wins when the quorum is reached",
      { ...vote("majority", "red", "red", "blue"), quorum: 0.5 },
    ],
    ["red and blue are tied with 50 % each", vote("majority", "red", "blue")],
    ["red, blue and green are tied with 33 % each", vote("majority", "red", "blue", "green")],
    ["red leads with 67 %, and wins now", vote("two_thirds", "red", "red", "blue")],
    ["red leads with 67 %, and quorum not reached", vote("unanimous", "red", "red", "blue")],
    ["red leads with 67 % of the first choices", vote("ranked", "red", "red", "blue")],
  ] as const)
    it(`${of.rule}, ${of.ballots.length} ballots: ${expected}`, () => assert.equal(voteText(of), expected));

  it("has no description once it is closed, because the outcome replaces it", () => {
    const closed = vote("majority", "red");
    assert.equal(voteText({ ...closed, outcome: { winner: "red", weights: { red: 1 } } }), "");
  });
});
