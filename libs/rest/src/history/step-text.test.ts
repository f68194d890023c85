import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { stepText, usageText } from "./step-text.ts";

const step = (id: string, value: unknown, more: object = {}) =>
  stepText({ kind: "FUNCTION_ENTRY_KIND_STEP", id, at: "order.ts:7", json: JSON.stringify(value), ...more });
const set = { kind: "FUNCTION_ENTRY_KIND_SET" };

describe("a recorded step in words", () => {
  for (const [expected, recorded] of [
    ["completed step reserve (order.ts:7)", step("reserve", { shelf: 7 })],
    ["completed step model (order.ts:7)", step("model", "T")],
    ["failed in step charge: away", step("charge", null, { error: { code: "x", message: "away" } })],
    ["set `state` (order.ts:7)", step("state", 1, set)],
    [
      "registered the compensation release (order.ts:7)",
      step("release", null, { kind: "FUNCTION_ENTRY_KIND_UNDO" }),
    ],
  ] as const)
    it(expected, () => assert.equal(recorded, expected));
});

describe("a step of an agent in words, without its place in the platform", () => {
  const call = { call: { id: "c", name: "pay_refund", input: { amount: 150 } } };
  for (const [expected, recorded] of [
    [
      "has 2 tools: stock.count, pay.refund",
      step("tools", [{ target: "stock.count" }, { target: "pay.refund" }]),
    ],
    [
      'answered: calls pay_refund {"amount":150}',
      step("model-2.try-2", { parts: [{ text: "I pay." }, call] }),
    ],
    ['answered: "Done."', step("model", { parts: [{ text: "Done." }] })],
    ['summarized: "So far."', step("summary", { parts: [{ text: "So far." }] })],
    [
      "has used 2 answers, 45 tokens, $0.00032",
      step("usage", { answers: 2, inputTokens: 30, outputTokens: 15, usd: 0.00032 }, set),
    ],
  ] as const)
    it(expected, () => assert.equal(recorded, expected));
});

it("an amount omits zero values, and shows cents from one cent on", () => {
  assert.equal(usageText({ tokens: 1, usd: 0 }), "1 token");
  assert.equal(usageText({ tokens: 0, usd: 0.5 }), "$0.50");
  assert.equal(usageText({ answers: 1, tokens: 2_000, usd: 1.234 }), "1 answer, 2000 tokens, $1.23");
});
