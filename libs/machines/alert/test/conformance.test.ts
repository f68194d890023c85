import assert from "node:assert/strict";
import { describe } from "node:test";
import { AlertStatus } from "@tutti/contracts/insight/v1";
import { machineConformance } from "@tutti/kernel/testing";
import { alert } from "../src/index.ts";
import { done, operations } from "../src/testing/index.ts";

describe("alerts", () => {
  machineConformance({
    machines: [alert],
    service: "insight",
    commands: operations(),
    resultOf: done,
    pauseMaxMs: 12_000,
    sequences: 400,
    stepsMax: 60,
    golden: new URL("../golden/", import.meta.url),
    invariant(driver) {
      for (const key of driver.keys) {
        const { alerts, open, deliveries } = driver.state(key, alert);
        const live = [...alerts.values()].filter(
          ({ status }) => status !== AlertStatus.ALERT_STATUS_RESOLVED,
        );
        assert.deepEqual(new Set(open.values()), new Set(live.map(({ alertId }) => alertId)));
        for (const { count, alerts: some } of deliveries.values())
          assert.ok(count >= some.length && count > 0);
      }
    },
  });
});
