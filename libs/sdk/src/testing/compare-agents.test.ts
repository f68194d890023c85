import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { agents } from "../agents/index.ts";
import { type CompareAgentsOptions, compareAgents } from "./compare-agents.ts";
import { ScriptedModel } from "./scripted-model.ts";

const cases = Array.from({ length: 12 }, (_, number) => ({
  input: { number },
  expected: String(number * 2),
}));

/** Doubles numbers. A guess is right for every fourth number, and a number of 12 or more is never answered. */
const model = new ScriptedModel(({ instructions }) => {
  const [, instruction = "", digits = ""] = /^(\w+) (\d+)/.exec(instructions) ?? [];
  const number = Number(digits);
  if (number >= 12) return { status: 401 };
  return instruction === "Calculate" || number % 4 === 0 ? String(number * 2) : "many";
});
const providers = { test: { speaks: "chat", url: "http://model.test" } } as const;
const runner = agents({ providers, prices: { small: { input: 1, output: 2 } } }, { fetch: model.fetch });
const agent = (instruction: string) => ({
  model: "test:small",
  instructions: `${instruction} \${{ input.number }}.`,
});
const compare = (more: Partial<CompareAgentsOptions> = {}) =>
  compareAgents({
    ...{ one: agent("Guess"), other: agent("Calculate"), cases, runner, score: "output == expected" },
    ...more,
  });
const rounded = (value: number) => Math.round(value * 1_000) / 1_000;

describe("a comparison of agents", () => {
  it("finds the better agent, with the interval of the difference and the usage of each", async () => {
    const { one, other, difference, better } = await compare();
    assert.equal(better, "other");
    assert.deepEqual([one.mean, other.mean], [0.25, 1]);
    assert.deepEqual(Object.values(difference).map(rounded), [0.75, 0.355, 0.93]);
    assert.deepEqual([one.inputTokens, one.outputTokens, rounded(one.usd * 1_000)], [120, 60, 0.24]);
    assert.equal((await compare({ one: agent("Calculate"), other: agent("Guess") })).better, "one");
  });

  it("does not call equal agents, or two cases that agree, a difference", async () => {
    assert.equal((await compare({ other: agent("Guess") })).better, "");
    assert.equal((await compare({ cases: cases.slice(1, 3) })).better, "");
  });

  it("counts a failed run as 0, and reports the reason", async () => {
    const { other } = await compare({ cases: [{ input: { number: 99 } }, ...cases.slice(0, 3)] });
    assert.deepEqual([other.failed, other.scores], [1, [0, 1, 1, 1]]);
    assert.match(
      other.errors.join(),
      /^agent\.model_refused: `test:small` refused the request with status 401/,
    );
  });

  it("accepts a score from a function, and rejects an invalid score", async () => {
    const { one } = await compare({ score: async ({ output }) => (output === "many" ? 0.5 : 1) });
    assert.equal(one.mean, 0.625);
    await assert.rejects(compare({ score: () => 3 }), /from 0 to 1, got 3 for the output/);
    await assert.rejects(compare({ score: "output.nothing > 1" }), /got undefined for the output/);
    await assert.rejects(compare({ cases: [] }), /at least 1 case/);
  });
});
