import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ServiceHost } from "@tutti/host";
import { memorySources } from "@tutti/kernel";
import { workflow } from "../src/service.ts";

describe("workflow", () => {
  it("is ready once its host has started, and stops with it", async () => {
    const flags = ["--mesh.transport=in-process", "--operations.port=0", "--log.level=fatal"];
    const sources = memorySources({ arguments: flags });
    const host = await ServiceHost.open({
      name: "workflow",
      version: "0.1.0",
      services: [workflow],
      sources,
    });
    await host.start();
    assert.equal((await fetch(`${host.url}/readyz`)).status, 200);
    await host.stop();
    assert.equal(host.state, "stopped");
  });
});
