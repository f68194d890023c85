import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Outcome, Submission } from "../api.ts";
import { ignored } from "../refusals.ts";
import { Inbox } from "./inbox.ts";

function submission(name: number, replies: (number | string)[] = []): Submission & { readonly name: number } {
  return {
    name,
    key: undefined,
    command: {} as Submission["command"],
    body: undefined,
    cause: { actor: undefined, traceparent: "", decision: "", reason: "" },
    idempotencyKey: "",
    token: undefined,
    reply: (outcome: Outcome) => replies.push(`${name} ${outcome.kind}`),
  };
}

describe("an inbox", () => {
  it("returns commands in order of arrival, for any numbers added and removed", () => {
    const inbox = new Inbox();
    let added = 0;
    let dequeued = 0;
    for (let round = 0; round < 40; round++) {
      for (let count = 0; count < 300; count++) inbox.add(submission(added++));
      for (let count = 0; count < 250 + round * 3; count++) {
        const next = inbox.dequeueCommand() as { readonly name: number } | undefined;
        if (next === undefined) break;
        assert.equal(next.name, dequeued++);
      }
      assert.equal(inbox.length, added - dequeued);
    }
    while (inbox.dequeueCommand() !== undefined) dequeued++;
    assert.equal(dequeued, added);
    assert.equal(inbox.isEmpty, true);
  });

  it("reports a refusal to everything that waits", () => {
    const inbox = new Inbox();
    const replies: (number | string)[] = [];
    inbox.add(submission(1, replies));
    inbox.add(submission(2, replies));
    const settle = (outcome: object): void =>
      void replies.push(`settled ${"kind" in outcome ? outcome.kind : ""}`);
    inbox.arrivals.push({ kind: "errand", run() {}, refuse: settle });
    inbox.arrivals.push({
      kind: "messages",
      batch: { service: "x", partition: 0, envelopes: [] },
      settle,
      absent: new Set(),
    });
    assert.equal(inbox.length, 4);
    inbox.refuse(ignored);
    assert.deepEqual(replies, ["1 ignored", "2 ignored", "settled ignored", "settled ignored"]);
    assert.equal(inbox.isEmpty, true);
  });
});
