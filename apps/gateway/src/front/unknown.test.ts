import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { nearestRoute } from "./unknown.ts";

describe("the route suggested for an unknown path", () => {
  for (const [method, path, suggestion] of [
    ["GET", "/v1/runs/order-7/watch", "/v1/watch/runs/order-7"],
    ["GET", "/v1/runs/order-7/stream", "/v1/watch/runs/order-7"],
    ["GET", "/v1/runs/order-7/events", "/v1/runs/order-7/history"],
    ["GET", "/v1/run/order-7", "/v1/runs/order-7"],
    ["POST", "/v1/runs/order-7/abort", "/v1/runs/order-7/cancel"],
    ["GET", "/v1/whoiam", "/v1/whoami"],
    ["GET", "/v1/runs/", "/v1/runs"],
    ["GET", "/v1/zzzzzzzz", undefined],
    ["GET", `/v1/${"a/".repeat(5_000)}`, undefined],
  ] as const)
    it(`${method} ${path.slice(0, 40)}: ${suggestion ?? "none"}`, () => {
      assert.equal(nearestRoute(method, path), suggestion);
    });
});
