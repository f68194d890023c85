import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Aggregation, AlertRule, Series } from "@tutti/contracts/insight/v1";
import { toTimestamp } from "@tutti/kernel";
import { compileRule, RuleTrial } from "./index.ts";
import { burnCondition, burnRates, eventsIn } from "./objective.ts";

const minuteMs = 60_000;
const dayMs = 24 * 60 * minuteMs;
const nowMs = 1_700_000_400_000;

function ruleWith(queryIds: readonly string[], fields: object = {}): AlertRule {
  const queries = queryIds.map((queryId) => ({
    ...{ queryId, metric: `m_${queryId}`, overTime: Aggregation.AGGREGATION_INCREASE },
  }));
  return AlertRule.fromPartial({ ruleId: "slo", title: "t", objective: { goal: 0.99 }, queries, ...fields });
}

/** Returns a series that ends now. */
function upToNow(queryId: string, stepMs: number, values: readonly number[], labels = {}): Series {
  const startTime = toTimestamp(nowMs - values.length * stepMs);
  return Series.fromPartial({ queryId, labels, stepMs, startTime, values: [...values] });
}

describe("objectives", () => {
  it("a budget that errors use up twice too fast has a burn rate of 2 in each window", () => {
    const series = [
      upToNow("total", minuteMs, Array(60).fill(100)),
      upToNow("bad", minuteMs, Array(60).fill(2)),
      upToNow("total", 10 * minuteMs, Array(432).fill(1_000)),
      upToNow("bad", 10 * minuteMs, Array(432).fill(20)),
    ];
    const rates = burnRates(ruleWith(["total", "bad"]), 0.99, series, nowMs);
    assert.deepEqual([...rates.values()], [2, 2, 2, 2, 2]);
  });

  it("good events can be counted instead of bad events, and a window without events has the rate 0", () => {
    const series = [upToNow("total", minuteMs, [100, 100]), upToNow("good", minuteMs, [100, 75])];
    const rule = ruleWith(["total", "good"]);
    assert.deepEqual(eventsIn(rule, series, { fromMs: nowMs - dayMs, toMs: nowMs }), { total: 200, bad: 25 });
    assert.equal(burnRates(rule, 0.99, [], nowMs).get("burn_1h"), 0);
  });

  it("uses fine steps for a short window and coarse steps for a long window", () => {
    const series = [
      upToNow("total", minuteMs, Array(60).fill(10)),
      upToNow("bad", minuteMs, [...Array(55).fill(0), ...Array(5).fill(10)]),
      upToNow("total", 10 * minuteMs, Array(432).fill(100)),
      upToNow("bad", 10 * minuteMs, [...Array(431).fill(0), 50]),
    ];
    const rates = burnRates(ruleWith(["total", "bad"]), 0.99, series, nowMs);
    assert.deepEqual([rates.get("burn_5m"), rates.get("burn_3d")], [100, 0.116]);
  });

  it("has the usual thresholds for 30 days, and none below 1", () => {
    const condition = burnCondition({ goal: 0.999, periodMs: 0 });
    assert.match(condition, /^\(burn_1h > 14\.400 && burn_5m > 14\.400\) \|\| \(burn_6h > 6\.000/);
    assert.match(condition, /burn_3d > 1\.000 && burn_6h > 1\.000\)$/);
    assert.match(burnCondition({ goal: 0.999, periodMs: dayMs }), /burn_1h > 1\.000.*burn_6h > 1\.000/);
  });

  it("only the label set that burns its budget fires, and its alert ends after the loss", () => {
    const condition = "burn_1h > 14.4 && burn_5m > 14.4";
    const title = "${{ labels.shop }}: ${{ burn_5m }}";
    const compiled = compileRule(ruleWith(["total", "bad"], { title, condition }));
    assert.ok(compiled.ok, JSON.stringify(compiled));
    const startMs = nowMs - 300 * minuteMs;
    const bad = [...Array(120).fill(0), ...Array(60).fill(50), ...Array(120).fill(0)];
    const trial = new RuleTrial(
      compiled.program,
      ["a", "b"].flatMap((shop) => [
        upToNow("total", minuteMs, Array(300).fill(100), { shop }),
        upToNow("bad", minuteMs, shop === "a" ? bad : Array(300).fill(0), { shop }),
      ]),
      startMs,
    );
    const statuses = () => trial.alerts.map(({ labels, status }) => [labels["shop"], status]);
    trial.advanceTo(startMs + 120 * minuteMs);
    assert.deepEqual(statuses(), []);
    trial.advanceTo(startMs + 150 * minuteMs);
    assert.deepEqual(statuses(), [["a", 2]]);
    assert.match(trial.alerts[0]?.title ?? "", /^a: 50$/);
    assert.equal(trial.problem, "");
    trial.advanceTo(startMs + 300 * minuteMs);
    assert.deepEqual(statuses(), [["a", 4]]);
  });

  it("mistakes are named with their field", () => {
    const problemsOf = (rule: AlertRule) => {
      const compiled = compileRule(rule);
      return compiled.ok ? [] : compiled.problems.map(({ field }) => field);
    };
    assert.deepEqual(problemsOf(ruleWith(["total"])), ["queries"]);
    assert.deepEqual(problemsOf(ruleWith(["total", "good", "bad"])), ["queries"]);
    assert.deepEqual(problemsOf({ ...ruleWith(["total", "bad"]), objective: undefined }), ["condition"]);
    assert.deepEqual(problemsOf(ruleWith(["total", "bad"], { condition: "burn_2h > 1.0" })), ["condition"]);
    const last = ruleWith(["total", "bad"]);
    for (const query of last.queries) query.overTime = Aggregation.AGGREGATION_LAST;
    assert.deepEqual(problemsOf(last), ["queries[0].overTime", "queries[1].overTime"]);
  });
});
