import assert from "node:assert/strict";
import { describe } from "node:test";
import { machineConformance } from "@tutti/kernel/testing";
import { ledger } from "../src/ledger/index.ts";
import { spanOf } from "../src/ledger/state.ts";
import { ledgerKey, masterService, operations } from "../src/testing/ledger.ts";

describe("ledgers", () => {
  machineConformance({
    machines: [ledger],
    service: masterService,
    commands: operations(),
    pauseMaxMs: 40_000,
    golden: new URL("../golden/ledger/", import.meta.url),
    invariant(driver) {
      const { reservations, pools, dueMs } = driver.state(ledgerKey, ledger);
      for (const { value } of reservations.values()) {
        const { fromMs, toMs } = spanOf(value);
        assert.ok(toMs > fromMs);
        let reserved = 0;
        for (const { value: other } of reservations.values()) {
          const span = spanOf(other);
          if (span.fromMs <= fromMs && span.toMs > fromMs) reserved += other.amounts["gpu"] ?? 0;
        }
        assert.ok(reserved <= 3, "never is more reserved than there is");
      }
      for (const { dueMs: leaseDueMs } of pools.values())
        assert.ok(dueMs > 0 && dueMs <= leaseDueMs, "every lease ends by itself");
    },
  });
});
