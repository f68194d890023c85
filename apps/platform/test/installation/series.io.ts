import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  Aggregation,
  ListMetricsRequest,
  metricService,
  QuerySeriesRequest,
  SeriesQuery,
} from "@tutti/contracts/insight/v1";
import { toTimestamp } from "@tutti/kernel";
import { Installation } from "./installation.ts";

describe("series of an installation", () => {
  it("are recorded from all services, and are there after a restart", async () => {
    await using installation = await Installation.open([], { insight: true });
    await installation.pass(215_000);
    const client = () => installation.host.mesh.client(metricService);
    const { metrics } = await client().listMetrics(ListMetricsRequest.fromPartial({ page: { size: 1_000 } }));
    const areas = new Set(metrics.map(({ name }) => name.split("_")[1]));
    for (const area of ["gateway", "journal", "mesh", "registry", "swarm"]) assert.ok(areas.has(area), area);
    // Rounds are at any phase of ten seconds, and the last one may be under way.
    const untilMs = Math.floor(installation.now() / 10_000) * 10_000 - 20_000;
    const instances = SeriesQuery.fromPartial({
      ...{ metric: "tutti_registry_instances", overTime: Aggregation.AGGREGATION_LAST },
      overSeries: Aggregation.AGGREGATION_SUM,
    });
    const span = { from: toTimestamp(untilMs - 180_000), to: toTimestamp(untilMs) };
    const asked = QuerySeriesRequest.fromPartial({ queries: [instances], span, stepMs: 10_000 });
    const before = await client().querySeries(asked);
    assert.equal(before.series[0]?.values.filter((value) => value > 5).length, 18);
    await installation.restart();
    const after = await client().querySeries(asked);
    assert.deepEqual(after, before);
  });
});
