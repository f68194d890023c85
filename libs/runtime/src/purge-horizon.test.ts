import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { PartitionStatus } from "./api.ts";
import { PurgeHorizon } from "./purge-horizon.ts";

const status = (fields: Partial<PartitionStatus> = {}) =>
  ({ partition: 0, epoch: 1, state: "running", indexLagMs: 0, ...fields }) as PartitionStatus;

describe("expired data is removed", () => {
  it("up to the time before which the archive has every decision", () => {
    const horizon = new PurgeHorizon(60_000);
    assert.equal(horizon.until([status()], 0), undefined);
    assert.equal(horizon.until([status()], 60_000), 0);
    assert.equal(horizon.until([status(), status({ partition: 1 })], 61_000), undefined);
    assert.equal(horizon.until([status({ indexLagMs: 500 }), status({ partition: 1 })], 121_000), 60_500);
  });

  it("not while a partition starts, and not soon after it has changed its epoch", () => {
    const horizon = new PurgeHorizon(1_000);
    horizon.until([status()], 0);
    assert.equal(horizon.until([status({ state: "starting" })], 5_000), undefined);
    assert.equal(horizon.until([status({ state: "starting" })], 50_000), undefined);
    assert.equal(horizon.until([status({ epoch: 2 })], 50_100), undefined);
    assert.equal(horizon.until([status({ epoch: 2 })], 51_100), 50_100);
  });
});
