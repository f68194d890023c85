import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Approval } from "@tutti/rest/types";
import { decisionIn, isAnsweredBy, questionId, questionOfId, requestOf, WrongAnswer } from "./questions.ts";
import { requestsOf } from "./run-questions.ts";

const approval = (fields: Partial<Approval> = {}): Approval => ({
  ...{ approvalId: "check..0.1.2", title: "Refund", message: "Pay 5?", verdict: "unspecified" },
  ...{ deciders: [], decisions: [], delegations: [], excluded: [] },
  ...fields,
});
const flat = {
  type: "object",
  required: ["amount"],
  properties: {
    amount: { type: "integer", minimum: 1, multipleOf: 5 },
    mail: { type: "string", format: "email" },
    id: { type: "string", format: "uuid" },
  },
};
const nested = { type: "object", properties: { lines: { type: "array", items: { type: "string" } } } };
const formed = (form: unknown) => approval({ form: JSON.stringify(form) });

describe("an approval as a request to an MCP client", () => {
  it("requests a reason if it has no form, and includes its context", () => {
    const { message, requestedSchema } = requestOf(approval({ context: { order: 7 } }));
    assert.equal(message, 'Refund: Pay 5?\n{"order":7}');
    assert.deepEqual(Object.keys((requestedSchema as { properties: object }).properties), ["reason"]);
  });

  it("requests the fields of a flat form, with only the keywords of the protocol", () => {
    assert.deepEqual(requestOf(formed(flat))["requestedSchema"], {
      type: "object",
      required: ["amount"],
      properties: {
        amount: { type: "integer", minimum: 1 },
        mail: { type: "string", format: "email" },
        id: { type: "string" },
      },
    });
  });

  it("requests JSON if a field of its form is not flat", () => {
    const schema = requestOf(formed(nested))["requestedSchema"] as {
      readonly properties: { readonly data: { readonly type: string; readonly description: string } };
    };
    assert.equal(schema.properties.data.type, "string");
    assert.match(schema.properties.data.description, /"lines"/);
  });

  it("repeats why the answer before was refused", () => {
    const requests = requestsOf([approval()], "order-1", new Map([["check..0.1.2", "too much"]]));
    const { params } = requests["check..0.1.2"] as { readonly params: { readonly message: string } };
    assert.equal(params.message, "too much\nRefund: Pay 5?");
  });
});

const decisions: readonly (readonly [what: string, Approval, answer: unknown, decision: unknown])[] = [
  ["accepted", approval(), { action: "accept", content: {} }, { verdict: "approved" }],
  ["accepted without content", approval(), { action: "accept" }, { verdict: "approved" }],
  [
    "accepted for a reason",
    approval(),
    { action: "accept", content: { reason: "fine" } },
    { verdict: "approved", reason: "fine" },
  ],
  ["declined", formed(flat), { action: "decline" }, { verdict: "rejected" }],
  ["cancelled", formed(flat), { action: "cancel" }, undefined],
  [
    "accepted with a form",
    formed(flat),
    { action: "accept", content: { amount: 5 } },
    { verdict: "approved", data: { amount: 5 } },
  ],
  [
    "accepted with JSON",
    formed(nested),
    { action: "accept", content: { data: '{"lines": ["a"]}' } },
    { verdict: "approved", data: { lines: ["a"] } },
  ],
];
const wrong: readonly (readonly [what: string, Approval, answer: unknown])[] = [
  ["a number", approval(), 7],
  ["an unknown action", approval(), { action: "maybe" }],
  ["content that is a list", approval(), { action: "accept", content: [] }],
  ["text that is no JSON", formed(nested), { action: "accept", content: { data: "{" } }],
];

describe("an answer of an MCP client", () => {
  for (const [scenario, question, answer, decision] of decisions)
    it(`that is ${scenario} is a decision`, () => assert.deepEqual(decisionIn(question, answer), decision));
  for (const [scenario, question, answer] of wrong)
    it(`that is ${scenario} is refused`, () =>
      assert.throws(() => decisionIn(question, answer), WrongAnswer));

  it("is found by the id of its request", () => {
    const id = questionId("run-1", "each[a b]..0.1.2") ?? "";
    assert.deepEqual(questionOfId(id), { runId: "run-1", approvalId: "each[a b]..0.1.2" });
    for (const other of [7, "", "approval", "approval run-1"]) assert.equal(questionOfId(other), undefined);
    assert.equal(questionId("r".repeat(250), "check"), undefined);
  });

  it("counts once: a caller that has decided gets no second request", () => {
    const actor = { kind: "person", id: "ann" } as const;
    const answered = approval({ decisions: [{ verdict: "approved", cause: { actor } }] });
    assert.equal(isAnsweredBy(answered, "ann"), true);
    assert.equal(isAnsweredBy(answered, "bob"), false);
  });
});
