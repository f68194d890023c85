import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Aggregation, AlertRule, AlertStatus, Series } from "@tutti/contracts/insight/v1";
import { toTimestamp } from "@tutti/kernel";
import { compileRule, type RuleProgram, RuleTrial } from "./index.ts";
import { forPeople } from "./rule-program.ts";

const startMs = 1_700_000_000_000;

function rule(overrides: Partial<AlertRule> & { readonly over?: Aggregation } = {}): AlertRule {
  const { over = Aggregation.AGGREGATION_UNSPECIFIED, ...rest } = overrides;
  const queries = ["failed", "all"].map((queryId) => ({
    queryId,
    metric: `runs_${queryId}`,
    overTime: over,
  }));
  const fields = { ruleId: "failures", title: "Runs fail", condition: "failed > 2.0", windowMs: 20_000 };
  return AlertRule.fromPartial({ ...fields, queries, ...rest });
}

function program(fields: Parameters<typeof rule>[0] = {}): RuleProgram {
  const compiled = compileRule(rule(fields));
  assert.ok(compiled.ok, JSON.stringify(compiled));
  return compiled.program;
}

function series(
  queryId: string,
  values: readonly (number | null)[],
  labels: Record<string, string> = {},
): Series {
  return Series.fromPartial({
    ...{ queryId, labels, stepMs: 10_000, startTime: toTimestamp(startMs) },
    values: values.map((value) => value ?? Number.NaN),
  });
}

const at = (seconds: number) => startMs + seconds * 1_000;

describe("rules over series", () => {
  const { AGGREGATION_MEAN, AGGREGATION_MAX, AGGREGATION_INCREASE, AGGREGATION_UNSPECIFIED } = Aggregation;
  for (const { word, over, expected } of [
    { word: "last", over: AGGREGATION_UNSPECIFIED, expected: 3 },
    { word: "mean", over: AGGREGATION_MEAN, expected: 4 },
    { word: "max", over: AGGREGATION_MAX, expected: 5 },
    { word: "increase", over: AGGREGATION_INCREASE, expected: 8 },
  ])
    it(`the value over the window is ${expected} by ${word}`, () => {
      const { found } = program({ over }).evaluate([series("failed", [9, 5, 3, null])], at(30));
      assert.deepEqual(found[0]?.values, { failed: expected });
    });

  it("texts have numbers for people, and values are without the digits of sums of rounded rates", () => {
    const { found: all } = program({ title: "${{ failed }} fail" }).evaluate(
      [series("failed", [118.88159999999999])],
      at(10),
    );
    const [found] = all;
    assert.deepEqual([found?.title, found?.values], ["119 fail", { failed: 118.8816 }]);
    const printed = [53.928, 23.512, 0.6199999999999999, 4.998, 1_073_741_824, 0, 0.003, -2.5].map(forPeople);
    assert.deepEqual(printed, [54, 23.5, 0.62, 5, 1_073_741_824, 0, 0.003, -2.5]);
  });

  it("a text with a label that the alert does not have is readable", () => {
    const title = "${{ failed }} runs of ${{ labels.workflow }} fail";
    const evaluated = (labels: Record<string, string>) =>
      program({ title }).evaluate([series("failed", [8], labels)], at(10)).found[0]?.title;
    assert.deepEqual(
      [evaluated({}), evaluated({ workflow: "order" })],
      ["8 runs of ? fail", "8 runs of order fail"],
    );
  });

  it("each label set is evaluated separately, and a series without labels applies to all", () => {
    const condition = "failed / all > 0.5";
    const { found } = program({ condition, title: "${{ labels.pool }} fails: ${{ failed }}" }).evaluate(
      [series("failed", [8], { pool: "a" }), series("failed", [1], { pool: "b" }), series("all", [10])],
      at(10),
    );
    assert.deepEqual(
      found.map(({ labels, title }) => [labels, title]),
      [[{ pool: "a" }, "a fails: 8"]],
    );
  });

  it("a query without a value makes the condition false, and the condition can test for it", () => {
    assert.deepEqual(program().evaluate([], at(10)), { found: [], problem: "" });
    const { found } = program({ condition: "failed == null" }).evaluate([], at(10));
    assert.deepEqual(found, [{ labels: {}, values: {}, title: "", advice: "" }]);
  });

  it("a division by zero makes the condition false, and an integer division reports the problem", () => {
    const zero = [series("failed", [0]), series("all", [0])];
    assert.deepEqual(program({ condition: "failed / all > 0.5" }).evaluate(zero, at(10)), {
      ...{ found: [], problem: "" },
    });
    const { found, problem } = program({ condition: "1 / int(all) > 0" }).evaluate(zero, at(10));
    assert.deepEqual(found, []);
    assert.match(problem, /divide by something else than 0/);
  });

  it("mistakes are named with their field", () => {
    const compiled = compileRule(rule({ condition: "faild > 2.0", advice: "see ${{ nothing }}" }));
    assert.ok(!compiled.ok);
    assert.deepEqual(
      compiled.problems.map(({ field, message }) => [field, message]),
      [
        ["advice", "unknown name `nothing`"],
        ["condition", "unknown name `faild`. Did you mean `failed`?"],
      ].toReversed(),
    );
    const duplicate = compileRule(rule({ queries: [...rule().queries, ...rule().queries] }));
    assert.ok(!duplicate.ok);
    assert.equal(duplicate.problems[0]?.field, "queries[2].queryId");
  });
});

describe("a rule tried on the past", () => {
  it("has the states that the machine would have at every moment", () => {
    const trial = new RuleTrial(
      program({ holdMs: 20_000 }),
      [series("failed", [0, 5, 5, 5, 5, 0, 0, 0])],
      at(0),
    );
    const states = [10, 20, 30, 40, 50, 60, 70].map((seconds) => {
      trial.advanceTo(at(seconds));
      return trial.alerts.map(({ status }) => status);
    });
    const { ALERT_STATUS_PENDING, ALERT_STATUS_FIRING, ALERT_STATUS_RESOLVED } = AlertStatus;
    assert.deepEqual(states, [
      [],
      [ALERT_STATUS_PENDING],
      [ALERT_STATUS_PENDING],
      [ALERT_STATUS_FIRING],
      [ALERT_STATUS_FIRING],
      [ALERT_STATUS_RESOLVED],
      [ALERT_STATUS_RESOLVED],
    ]);
    const [alert] = trial.alerts;
    assert.deepEqual([alert?.startMs, alert?.endMs], [at(20), at(60)]);
  });
});
