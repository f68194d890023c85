import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { Definition } from "@tutti/rest/types";
import { budgetOf, decisionOf, inputOf, payloadOf, signalIn, skillIn } from "./messages.ts";
import { A2aError, budgetExtension, type Message, type Part } from "./protocol.ts";

const of = (parts: readonly Part[], metadata = {}): Message => ({
  ...{ messageId: "m", taskId: "", contextId: "", parts, metadata },
});
const definition = (schema?: object): Definition => ({
  ...{ name: "w", kind: "tasks", versionLabels: [], entries: [], uses: [], labels: {} },
  inputSchema: schema === undefined ? "" : JSON.stringify(schema),
});
const text = { type: "string" };
const object = (properties: object, required: readonly string[] = []) => ({
  ...{ type: "object", properties, required },
});

describe("a message as the input of a run", () => {
  for (const [scenario, parts, schema, expected] of [
    ["data", [{ data: { a: 1 } }], object({}), { a: 1 }],
    ["data beside text", [{ text: "see" }, { data: [1] }], undefined, [1]],
    ["text, where there is no schema", [{ text: "a" }, { text: "b" }], undefined, { text: "a\nb" }],
    ["text, where the schema wants it", [{ text: "a" }], text, "a"],
    [
      "text as the one required property",
      [{ text: "Ada" }],
      object({ name: text, x: text }, ["name"]),
      { name: "Ada" },
    ],
    [
      "text as the only property",
      [{ text: "Ada" }],
      object({ name: text, n: { type: "integer" } }),
      { name: "Ada" },
    ],
    ["text that is JSON", [{ text: ' {"n": 1}' }], object({ n: { type: "integer" } }), { n: 1 }],
    ["text that only looks like JSON", [{ text: "{a" }], object({ name: text }), { name: "{a" }],
  ] as const)
    it(scenario, () => assert.deepEqual(inputOf(of(parts), definition(schema)), expected));

  it("is rejected if the text fits several fields, or if there are two data parts", () => {
    const both = definition(object({ a: text, b: text }));
    assert.throws(() => inputOf(of([{ text: "x" }]), both), A2aError);
    assert.throws(() => inputOf(of([{ data: 1 }, { data: 2 }]), both), A2aError);
  });
});

it("a message as the data of a signal: data, or text", () => {
  assert.deepEqual(payloadOf(of([{ text: "x" }, { data: { a: 1 } }])), { a: 1 });
  assert.equal(payloadOf(of([{ text: "x" }])), "x");
});

it("a message as a decision: data, or one of a few words", () => {
  assert.equal(decisionOf(of([{ text: " Yes " }])).verdict, "approved");
  assert.equal(decisionOf(of([{ text: "reject" }])).verdict, "rejected");
  const data = { verdict: "approved", approvalId: "a", runId: "r", data: { n: 1 }, reason: "good" };
  const { runId: askingRunId, ...rest } = data;
  assert.deepEqual(decisionOf(of([{ data }])), { ...rest, askingRunId });
  assert.throws(() => decisionOf(of([{ text: "perhaps" }])), /approved/);
});

it("a message names a skill and a signal in its metadata", () => {
  assert.equal(skillIn(of([], { skillId: "greet" })), "greet");
  assert.throws(() => skillIn(of([])), /skillId/);
  assert.equal(signalIn(of([], { signal: "go" })), "go");
  assert.equal(signalIn(of([])), undefined);
  assert.throws(() => signalIn(of([], { signal: 7 })), /signal/);
});

describe("the budget of a message", () => {
  const budgetFrom = (budget: unknown) => budgetOf(of([{ text: "x" }], { [budgetExtension]: budget }));

  it("is that of the run", () => {
    assert.equal(budgetOf(of([{ text: "x" }])), undefined);
    assert.deepEqual(budgetFrom({ tokens: 5, usd: 0.5 }), { tokens: 5, money: 0.5, timeMs: 0 });
  });

  for (const wrong of [7, { tokens: "5" }, { usd: -1 }, { timeMs: 0 }, { tokens: Number.NaN }])
    it(`is refused as ${JSON.stringify(wrong)}`, () => assert.throws(() => budgetFrom(wrong), A2aError));
});
