import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Approval } from "@tutti/rest/types";
import { dueFirst, hoursOf, loadOf, waitingFor } from "./waiting.ts";

const lists = { deciders: [], decisions: [], delegations: [], excluded: [] };
const approval = (approvalId: string, more: Partial<Approval> = {}): Approval => ({
  ...{ ...lists, approvalId, verdict: "unspecified" },
  ...more,
});
const idsOf = (some: readonly Approval[]) => some.map(({ approvalId }) => approvalId).join(" ");

describe("the inbox of a person", () => {
  it("has open approvals, claimed by no other person, without an answer of this person", () => {
    const approved = { verdict: "approved", cause: { actor: { kind: "person", id: "ann" } } } as const;
    const some = [
      approval("free"),
      approval("own", { claim: { person: "ann" } }),
      approval("taken", { claim: { person: "bob" } }),
      approval("answered", { approvalsNeeded: 2, decisions: [approved] }),
      approval("decided", { verdict: "approved" }),
    ];
    assert.equal(idsOf(waitingFor(some, "ann")), "free own");
  });

  it("is ordered by due time, then by time of the request", () => {
    const some = [
      approval("late", { requestTimeMs: 2 }),
      approval("early", { requestTimeMs: 1 }),
      approval("due", { requestTimeMs: 9, expireTimeMs: 20 }),
      approval("first", { requestTimeMs: 9, expireTimeMs: 10 }),
    ];
    assert.equal(idsOf(dueFirst(some)), "first due early late");
  });

  it("has a load with 100 slots by default, and hours in words", () => {
    assert.deepEqual(loadOf({ openTasks: 25 }), { open: 25, most: 100, share: 0.25 });
    assert.equal(hoursOf({ hours: [] }), "always");
    assert.equal(
      hoursOf({ hours: [{ begin: "0 9 * * *", end: "0 17 * * *" }] }),
      "0 9 * * * to 0 17 * * * UTC",
    );
  });
});
