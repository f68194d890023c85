import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { renewAfterMs } from "./renewal-time.ts";

describe("renewAfterMs", () => {
  it("aligns instances that renewed within the same interval", () => {
    assert.equal(1_010 + renewAfterMs(1_010, 15_000, 250), 6_000);
    assert.equal(1_100 + renewAfterMs(1_100, 15_000, 250), 6_000);
  });

  it("does not move renewals of leases that are too short", () => {
    assert.equal(renewAfterMs(1_010, 1_200, 250), 400);
  });

  it("never moves a renewal by more than half the distance of the moments", () => {
    const times = fc.double({ min: 0, max: 1e9, noNaN: true });
    fc.assert(
      fc.property(
        times,
        fc.integer({ min: 1_000, max: 3_600_000 }),
        fc.integer({ min: 1, max: 1_000 }),
        (now, lease, gather) => {
          assert.ok(Math.abs(renewAfterMs(now, lease, gather) - lease / 3) <= gather / 2 + 1e-3);
        },
      ),
    );
  });
});
