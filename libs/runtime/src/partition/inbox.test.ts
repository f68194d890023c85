import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Outcome, Submission } from "../api.ts";
import { ignored } from "../refusals.ts";
import { Inbox } from "./inbox.ts";

function submission(name: number, told: (number | string)[] = []): Submission & { readonly name: number } {
  return {
    name,
    key: undefined,
    command: {} as Submission["command"],
    body: undefined,
    cause: { actor: undefined, traceparent: "", decision: "", reason: "" },
    idempotencyKey: "",
    token: undefined,
    reply: (outcome: Outcome) => told.push(`${name} ${outcome.kind}`),
  };
}

describe("an inbox", () => {
  it("gives commands in the order in which they came, however many and however they are taken", () => {
    const inbox = new Inbox();
    let added = 0;
    let taken = 0;
    for (let round = 0; round < 40; round++) {
      for (let count = 0; count < 300; count++) inbox.add(submission(added++));
      for (let count = 0; count < 250 + round * 3; count++) {
        const next = inbox.takeCommand() as { readonly name: number } | undefined;
        if (next === undefined) break;
        assert.equal(next.name, taken++);
      }
      assert.equal(inbox.length, added - taken);
    }
    while (inbox.takeCommand() !== undefined) taken++;
    assert.equal(taken, added);
    assert.equal(inbox.isEmpty, true);
  });

  it("tells everything that waits when nothing will come of it", () => {
    const inbox = new Inbox();
    const told: (number | string)[] = [];
    inbox.add(submission(1, told));
    inbox.add(submission(2, told));
    const settle = (outcome: object): void =>
      void told.push(`settled ${"kind" in outcome ? outcome.kind : ""}`);
    inbox.arrivals.push({ what: "errand", run() {}, refuse: settle });
    inbox.arrivals.push({
      what: "messages",
      batch: { service: "x", partition: 0, letters: [] },
      settle,
      absent: new Set(),
    });
    assert.equal(inbox.length, 4);
    inbox.refuse(ignored);
    assert.deepEqual(told, ["1 ignored", "2 ignored", "settled ignored", "settled ignored"]);
    assert.equal(inbox.isEmpty, true);
  });
});
