import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { RestartableHost } from "@tutti/host/testing";
import { swarm } from "../src/service.ts";

describe("swarm", () => {
  it("is ready once its host has started, and stops with it", async () => {
    await using restartable = await RestartableHost.open({
      name: "swarm",
      services: [swarm],
      transport: "in-process",
    });
    const { host } = restartable;
    assert.equal((await fetch(`${host.url}/readyz`)).status, 200);
    await host.stop();
    assert.equal(host.state, "stopped");
  });
});
