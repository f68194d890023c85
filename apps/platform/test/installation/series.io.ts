import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  Aggregation,
  ListMetricsRequest,
  MetricKind,
  metricService,
  QuerySeriesRequest,
  RecordMeasuresRequest,
  SeriesQuery,
} from "@tutti/contracts/insight/v1";
import { EstimateSubject, estimateService } from "@tutti/contracts/intelligence/v1";
import { toTimestamp } from "@tutti/kernel";
import { until } from "@tutti/kernel/testing";
import { Installation } from "./installation.ts";

describe("series of an installation", () => {
  it("are recorded from all services, and are there after a restart", async () => {
    await using installation = await Installation.open([], { insight: true });
    await installation.pass(215_000);
    const client = () => installation.host.mesh.client(metricService);
    const { metrics } = await client().listMetrics(ListMetricsRequest.fromPartial({ page: { size: 1_000 } }));
    const areas = new Set(metrics.map(({ name }) => name.split("_")[1]));
    for (const area of ["gateway", "journal", "mesh", "registry", "swarm"]) assert.ok(areas.has(area), area);
    // Rounds have any phase within ten seconds, and the last one may be in progress.
    const untilMs = Math.floor(installation.now() / 10_000) * 10_000 - 20_000;
    const instances = SeriesQuery.fromPartial({
      ...{ metric: "tutti_registry_instances", overTime: Aggregation.AGGREGATION_LAST },
      overSeries: Aggregation.AGGREGATION_SUM,
    });
    const span = { from: toTimestamp(untilMs - 180_000), to: toTimestamp(untilMs) };
    const request = QuerySeriesRequest.fromPartial({ queries: [instances], span, stepMs: 10_000 });
    const before = await client().querySeries(request);
    assert.equal(before.series[0]?.values.filter((value) => value > 5).length, 18);
    await installation.restart();
    const after = await client().querySeries(request);
    assert.deepEqual(after, before);
  });

  it("include the resource use of tasks, and an estimate of the next attempt includes it too", async () => {
    await using installation = await Installation.open([], { insight: true });
    const { mesh } = installation.host;
    const subjects = [EstimateSubject.create({ capability: "house.draw" })];
    const estimates = mesh.client(estimateService, { service: "master" });
    const measured = async () =>
      (await estimates.predict({ namespace: "", subjects })).estimates[0]?.measured ?? [];
    assert.deepEqual(await measured(), []);
    // In the form in which a worker sends it over REST.
    const toMs = Math.floor(installation.now() / 10_000) * 10_000;
    const [kind, labels] = [MetricKind.METRIC_KIND_HISTOGRAM, { capability: "house.draw" }];
    const measures = [
      { name: "task_memory_bytes", kind, labels, value: 12, p50: 1e8, p99: 2e8 },
      { name: "task_memory_bytes", kind, labels: { capability: "roof.draw" }, value: 1, p50: 9, p99: 9 },
    ];
    const sent = { worker: "draftsman", fromMs: toMs - 10_000, toMs, measures };
    await mesh.client(metricService).recordMeasures(RecordMeasuresRequest.fromPartial(sent));
    const [memory] = await until("the use of the task", async () => {
      // A minute counts when it has ended.
      await installation.pass(30_000);
      const found = await measured();
      return found.length > 0 ? found : undefined;
    });
    assert.deepEqual(memory, { resource: "memory_bytes", p50: 1e8, p99: 2e8, attempts: 12 });
  });
});
