import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { questionText } from "@tutti/rest/history";
import type { Approval, Explanation } from "@tutti/rest/types";
import { detailed, inboxText } from "./questions.ts";

const approval: Approval = {
  about: { kind: "run", id: "f2", task: "approve-pay" },
  ...{ approvalId: "q1", title: "The agent wants to call pay.refund", verdict: "unspecified" },
  context: { tool: "pay.refund", input: { amount: 150 } },
  ...{ deciders: [], decisions: [], delegations: [], excluded: [] },
};

describe("an open approval", () => {
  for (const [title, context, text] of [
    ["of a call of an agent has the input", approval.context, 'Pay? {"amount":150}'],
    ["has its context", { order: 7 }, 'Pay? {"order":7}'],
    ["without a context has the title alone", undefined, "Pay?"],
    ["with a long context has its start", "x".repeat(300), `Pay? ${"x".repeat(200)}…`],
  ] as const)
    it(title, () => assert.equal(questionText({ title: "Pay?", context }), text));

  it("shows its message in one line", () => {
    const question = { title: "Pay?", message: "The bill of May.\nIt is late.", context: { order: 7 } };
    assert.equal(questionText(question), 'Pay? The bill of May. It is late. {"order":7}');
    assert.equal(
      questionText({ title: "The server asks", message: "Which one?" }),
      "The server asks: Which one?",
    );
    assert.equal(questionText({ message: "Which one?" }), "Which one?");
  });

  it("is named with its context in the explanation of its run and of its task", () => {
    const explanation = (task: string, parts: readonly Explanation[]): Explanation => ({
      ...{ about: { namespace: "", kind: "run", id: "f2", task }, summary: "It waits.", parts: [...parts] },
      waits: [{ cause: "approval", message: "it waits for a person", subject: "q1", holders: [] }],
      ...{ candidates: [], failures: [], remedies: [] },
    });
    const { summary, waits, parts, remedies } = detailed(explanation("", [explanation("ask", [])]), [
      approval,
    ]);
    assert.deepEqual([summary, waits[0]?.message], ["It waits.", 'it waits for a person {"amount":150}']);
    assert.equal(parts[0]?.summary, 'It waits {"amount":150}');
    assert.deepEqual(
      remedies.map(({ command }) => command),
      [`tutti approve f2 approve-pay --form input='{"amount":150}'`],
    );
  });
});

describe("a task in an inbox", () => {
  const about = { kind: "run", id: "r1", task: "review" } as const;
  const waiting = { ...approval, inboxTask: { inbox: "finance", capability: "pay.review", about } };
  const asked = { person: "ann", people: ["bob"] };
  const answer = { verdict: "approved", cause: { actor: { kind: "person", id: "ann" } } } as const;
  const twice = [answer, answer];
  for (const [title, people, text] of [
    ["is for the people who can answer", { deciders: ["ada", "ann"], excluded: ["ada"] }, "for ann"],
    ["matches people with their kind", { deciders: ["person:ada", "ann"], excluded: ["ada"] }, "for ann"],
    ["is for anyone except the excluded person", { excluded: ["ada"] }, "for anyone except ada"],
    [
      "says that the only person may not answer",
      { deciders: ["ada"], excluded: ["ada"] },
      "for ada (excluded)",
    ],
    ["counts answers, one for each person", { approvalsNeeded: 2, decisions: twice }, "with 1 of 2 answers"],
    ["is for the delegate", { deciders: ["bob"], excluded: ["ann"], delegations: [asked] }, "for bob"],
    [
      "is for the person who claimed it",
      { deciders: ["ann", "bob"], claim: { person: "bob" } },
      "for bob, who claimed it",
    ],
  ] as const)
    it(title, () =>
      assert.equal(
        inboxText({ ...waiting, ...(people as object) }, 0),
        `review waits in the inbox finance (pay.review) ${text}: tutti approve r1 review`,
      ),
    );
});
