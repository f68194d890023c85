import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { FindCapabilitiesRequest, FindInstancesRequest } from "@tutti/contracts/registry/v1";
import { openRegistry } from "../../test/registry.fixture.ts";
import { findCapabilities } from "./capabilities.ts";
import { findInstances } from "./instances.ts";

describe("questions to a registry that forgets with its process", () => {
  it("are answered with a warning until all instances have had the time to register again", async () => {
    await using dependencies = await openRegistry();
    const { registrar, foundation, settings } = dependencies;
    const findCapable = () =>
      findCapabilities(registrar, FindCapabilitiesRequest.fromPartial({ name: "pay.charge" }));
    const findAll = () => findInstances(registrar, FindInstancesRequest.fromPartial({}));
    assert.deepEqual([findCapable().complete, findAll().complete], [false, false]);
    await foundation.time.advanceAsync(settings.leaseMs);
    assert.deepEqual([findCapable().complete, findAll().complete], [true, true]);
  });
});
