import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ListMetricsRequest, metricService, QuerySeriesRequest } from "@tutti/contracts/insight/v1";
import { RestartableHost } from "@tutti/host/testing";
import { insight } from "../src/service.ts";

describe("insight", () => {
  it("is ready once its host has started, and stops with it", async () => {
    await using kept = await RestartableHost.open({
      name: "insight",
      services: [insight],
      transport: "in-process",
    });
    assert.equal((await fetch(`${kept.host.url}/readyz`)).status, 200);
    const client = kept.host.mesh.client(metricService);
    assert.deepEqual((await client.listMetrics(ListMetricsRequest.fromPartial({}))).metrics, []);
    const query = QuerySeriesRequest.fromPartial({ queries: [{ metric: "tutti_nothing" }] });
    await assert.rejects(client.querySeries(query), { code: "metrics.unknown" });
  });

  it("is absent if it is disabled", async () => {
    const words = ["--insight.enabled=false"];
    await using kept = await RestartableHost.open({
      name: "insight",
      services: [insight],
      transport: "in-process",
      flags: words,
    });
    assert.equal(kept.host.mesh.knows("insight"), false);
  });
});
