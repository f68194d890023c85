import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { Serving } from "./serving.ts";

describe("workflow", () => {
  it("is ready once its host has started, and stops with it", async () => {
    await using serving = await Serving.open();
    const { host } = serving;
    assert.equal((await fetch(`${host.url}/readyz`)).status, 200);
    await host.stop();
    assert.equal(host.state, "stopped");
  });
});
