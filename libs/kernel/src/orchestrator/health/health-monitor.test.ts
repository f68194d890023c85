import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { VirtualTime } from "../../testing/index.ts";
import { type Health, healthy } from "./health.ts";
import { HealthMonitor } from "./health-monitor.ts";

function monitorOf(check: () => Health | Promise<Health>) {
  const time = new VirtualTime();
  const monitor = new HealthMonitor({
    ...{ clock: time, timers: time, timeoutMs: 1_000, cacheMs: 500, check },
    changed: () => {},
  });
  return { time, monitor };
}

describe("a health check", () => {
  it("needs no timer if it answers at once", async () => {
    const { time, monitor } = monitorOf(() => healthy);
    const refreshed = monitor.refresh();
    assert.equal(time.pending, 0);
    await refreshed;
    assert.equal(monitor.current.level, "healthy");
  });

  it("that throws at once is unhealthy", async () => {
    const { monitor } = monitorOf(() => {
      throw new Error("no disk");
    });
    await monitor.refresh();
    assert.deepEqual([monitor.current.level, monitor.current.reason], ["unhealthy", "no disk"]);
  });

  it("has a deadline if it answers later", async () => {
    const { time, monitor } = monitorOf(() => new Promise(() => {}));
    const refreshed = monitor.refresh();
    assert.equal(time.pending, 1);
    await time.advanceAsync(1_000);
    await refreshed;
    assert.match(monitor.current.reason, /did not answer within 1 s/);
  });
});
