import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { VirtualTime } from "@tutti/kernel/testing";
import { HostGauge } from "./host-figures.ts";

describe("metrics of a heartbeat", () => {
  it("measure the CPU of the process itself: an idle process has a low value on a busy host", () => {
    const clock = new VirtualTime();
    const gauge = new HostGauge(clock);
    clock.advance(3_600_000);
    const { cpu, hostCpu } = gauge.read();
    assert.ok(cpu < 0.01, `a few milliseconds of an hour, found ${cpu}`);
    assert.ok(hostCpu >= 0 && hostCpu <= 1);
    // No time passes on this clock. The share stays within all cores.
    for (let n = 0; n < 2_000_000; n++) Math.sqrt(n);
    assert.ok(gauge.read().cpu <= 1);
  });

  it("measure turns of the event loop: a turn that blocks it counts with its length", async () => {
    const clock = new VirtualTime();
    const gauge = new HostGauge(clock);
    const turn = () => new Promise((resolve) => setImmediate(resolve));
    await turn();
    gauge.read();
    const endMs = performance.now() + 60;
    while (performance.now() < endMs) Math.sqrt(2);
    await turn();
    await turn();
    const { eventLoopDelayMs } = gauge.read();
    assert.ok(eventLoopDelayMs >= 10, `60 ms in a few turns, got ${eventLoopDelayMs}`);
  });
});
