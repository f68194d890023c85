import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Aggregation, SeriesQuery } from "@tutti/contracts/insight/v1";
import type { MetricKindName } from "@tutti/host/metrics";
import { ownLabels, promQuery } from "./promql.ts";

const steps = { fromMs: 1_200_000, stepMs: 60_000, count: 3 };
const match = { job: "tutti" };

type QueryFields = Parameters<typeof SeriesQuery.fromPartial>[0];

function queryOf(kind: MetricKindName, fields: QueryFields, namespace = "system") {
  const query = SeriesQuery.fromPartial({ metric: "m", ...fields });
  return promQuery(kind, query, { namespace, match, steps });
}

const own = '{job="tutti",tutti_namespace="",__name__="m"}';
const { AGGREGATION_RATE, AGGREGATION_INCREASE, AGGREGATION_MAX, AGGREGATION_LAST } = Aggregation;
const { AGGREGATION_QUANTILE, AGGREGATION_SUM, AGGREGATION_MEAN } = Aggregation;

describe("a query of series in PromQL", () => {
  const cases: readonly (readonly [string, MetricKindName, QueryFields, string])[] = [
    ["a gauge", "gauge", {}, `avg_over_time(${own}[60000ms])`],
    ["the last value", "gauge", { overTime: AGGREGATION_LAST }, `last_over_time(${own}[60000ms])`],
    ["a counter", "counter", { overTime: AGGREGATION_RATE }, `rate(${own}[60001ms])`],
    ["an increase", "counter", { overTime: AGGREGATION_INCREASE }, `rate(${own}[60001ms]) * 60`],
    [
      "the greatest rate",
      "counter",
      { overTime: AGGREGATION_MAX },
      `max_over_time(rate(${own}[60001ms])[60000ms:])`,
    ],
    [
      "the rate of a histogram",
      "histogram",
      { overTime: AGGREGATION_RATE },
      'rate({job="tutti",tutti_namespace="",__name__="m_count"}[60001ms])',
    ],
    [
      "a quantile",
      "histogram",
      { overTime: AGGREGATION_QUANTILE, quantile: 0.99 },
      'histogram_quantile(0.99, rate({job="tutti",tutti_namespace="",__name__="m_bucket"}[60001ms]))',
    ],
    [
      "joined series",
      "counter",
      { overTime: AGGREGATION_RATE, overSeries: AGGREGATION_SUM, groupBy: ["process", "k8s.io/app"] },
      `sum by (instance, k8s_io_app) (rate(${own}[60001ms]))`,
    ],
    [
      "a mean of series",
      "gauge",
      { overSeries: AGGREGATION_MEAN },
      `avg by () (avg_over_time(${own}[60000ms]))`,
    ],
    [
      "chosen series",
      "gauge",
      { labels: { equals: { process: 'a "b"', code: "OK" }, exists: ["rpc"], absent: ["side"] } },
      `avg_over_time({job="tutti",tutti_namespace="",__name__="m",instance="a \\"b\\"",code="OK",rpc!="",side=""}[60000ms])`,
    ],
  ];
  for (const [title, kind, fields, expected] of cases)
    it(`asks for ${title}`, () => assert.equal(queryOf(kind, fields).expression, expected));

  it("selects series of users by their namespace, with the quantiles of their summaries", () => {
    const { expression, startMs } = queryOf(
      "histogram",
      { overTime: AGGREGATION_QUANTILE, quantile: 0.5 },
      "shop",
    );
    assert.equal(
      expression,
      'max_over_time({job="tutti",tutti_namespace="shop",__name__="m",quantile="0.5"}[60000ms])',
    );
    assert.equal(startMs, 1_259_999);
  });

  it("evaluates increases at the end of a step, and values before the first sample of the next one", () => {
    assert.equal(queryOf("counter", { overTime: AGGREGATION_RATE }).startMs, 1_260_000);
    assert.equal(queryOf("gauge", {}).startMs, 1_259_999);
  });

  it("refuses queries that the store refuses", () => {
    for (const [kind, fields] of [
      ["gauge", { overTime: AGGREGATION_RATE }],
      ["histogram", { overTime: AGGREGATION_QUANTILE, quantile: 0.9 }],
      ["gauge", { groupBy: ["code"] }],
    ] as const)
      assert.throws(
        () => queryOf(kind, { ...fields, groupBy: [...("groupBy" in fields ? fields.groupBy : [])] }),
        {
          code: "metrics.not_answerable",
        },
      );
  });

  it("is answered with the labels that the store has", () => {
    const found = { __name__: "m", job: "tutti", tutti_namespace: "shop", instance: "swarm", code: "OK" };
    assert.deepEqual(ownLabels(found, { groupBy: [] }, match), { code: "OK", process: "swarm" });
    assert.deepEqual(ownLabels(found, { groupBy: ["process", "rpc"] }, match), { process: "swarm", rpc: "" });
  });
});
