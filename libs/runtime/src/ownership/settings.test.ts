import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { ownershipSettings } from "./settings.ts";

describe("the settings of ownership", () => {
  it("have the default number of partitions of a single process, or of a cluster", () => {
    assert.equal(ownershipSettings().partitions, 16);
    assert.equal(ownershipSettings({ kind: "leased" }).partitions, 8);
    assert.equal(ownershipSettings({ kind: "leased", partitions: 32 }).partitions, 32);
  });

  it("refuse times that contradict each other, with the reason", () => {
    assert.throws(
      () => ownershipSettings({ renewMs: 500 }),
      /at least three times ownership.renewMs \(500\), got 1200/,
    );
    assert.throws(
      () => ownershipSettings({ marginMs: 1_000 }),
      /less than ownership.leaseMs - ownership.renewMs \(900\)/,
    );
  });
});
