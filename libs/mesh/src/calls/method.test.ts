import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { estimateService } from "@tutti/contracts/intelligence/v1";
import { sessionService } from "@tutti/contracts/session/v1";
import { runService } from "@tutti/contracts/workflow/v1";
import { methodsOf } from "./method.ts";

describe("the service of a contract", () => {
  const methodOf = (...of: Parameters<typeof methodsOf>) => methodsOf(...of)[0]?.[1];

  it("is that of its area", () => {
    const { service, hosted } = methodOf(runService) ?? {};
    assert.deepEqual({ service, hosted }, { service: "workflow", hosted: "" });
  });

  it("is the host of an area without a service of its name", () => {
    for (const contract of [sessionService, estimateService]) {
      const { service, hosted } = methodOf(contract) ?? {};
      assert.deepEqual({ service, hosted }, { service: "master", hosted: "master" });
    }
  });

  it("is the one that a caller names", () =>
    assert.equal(methodOf(runService, { service: "other" })?.service, "other"));
});
