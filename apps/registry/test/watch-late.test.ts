import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { registryService, WatchRequest } from "@tutti/contracts/registry/v1";
import { isTuttiError } from "@tutti/kernel";
import { Mesh } from "@tutti/mesh";
import { registryHandlers } from "../src/api/handlers.ts";
import { openRegistry } from "./registry.fixture.ts";

describe("a watch of the registry", () => {
  it("ends at its deadline, and leaves no watcher", async () => {
    await using dependencies = await openRegistry();
    const { foundation } = dependencies;
    const mesh = new Mesh({ foundation, settings: { transport: "in-process" } });
    mesh.serve(registryService, registryHandlers(dependencies));
    const watch = mesh.client(registryService).watch(WatchRequest.create(), { timeoutMs: 50 });
    await watch.next();
    assert.equal(foundation.metrics.value("tutti_registry_watchers"), 1);

    const rest = watch.next();
    const late = assert.rejects(rest, (error) => isTuttiError(error) && error.status === "DEADLINE_EXCEEDED");
    await foundation.time.advanceAsync(1_000);
    await late;
    assert.equal(foundation.metrics.value("tutti_registry_watchers"), 0);
    await mesh.stop();
  });
});
