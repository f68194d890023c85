import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Front } from "./front.ts";

describe("a client that waits over REST while the platform stops", () => {
  it("is asked at once to retry, and does not delay the stop", async () => {
    const front = await Front.open();
    const offering = { capabilities: [{ name: "nobody.asks", version: "1.0.0" }] };
    await front.post("/v1/workflows", { text: "workflow: waiting\ntasks: {go: {wait: {signal: go}}}" });
    await front.post("/v1/runs", { runId: "waiting", definition: "waiting" });
    const waits = [
      front.post("/v1/tasks/claim", { agentId: "poller", offering, waitMs: 60_000 }),
      front.get("/v1/runs/waiting/result?waitMs=60000"),
    ];
    // Both requests are in progress when the one agent is listed.
    for (let agents = 0; agents === 0; agents = (await front.get("/v1/agents")).json.agents.length);
    const stopped = front.keptHost.host.stop();
    for (const { status, json } of await Promise.all(waits)) {
      assert.deepEqual([status, json.code], [503, "gateway.not_ready"]);
      assert.match(json.detail, /stopping/);
    }
    await stopped;
    await front[Symbol.asyncDispose]();
  });
});
