import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { silentLogger } from "@tutti/kernel";
import { VirtualTime } from "@tutti/kernel/testing";
import { parseExposition, sampleOf } from "../testing/exposition-parser.ts";
import { type DelayHistogram, EventLoopLag, resolutionMs } from "./event-loop-lag.ts";
import { expose } from "./exposition.ts";
import { ProcessMetrics } from "./process-metrics.ts";
import { MetricsRegistry } from "./registry.ts";

describe("metrics of the process", () => {
  it("have the names that dashboards know, and values of this process", (t) => {
    const registry = new MetricsRegistry({ logger: silentLogger });
    const time = new VirtualTime();
    const metrics = new ProcessMetrics({ registry, clock: time, timers: time });
    metrics.start();
    t.after(() => metrics.stop());
    const text = expose(registry.families());
    for (const name of [
      "process_cpu_seconds_total",
      "process_resident_memory_bytes",
      "nodejs_heap_size_used_bytes",
    ]) {
      assert.ok((sampleOf(text, name) ?? 0) > 0, name);
    }
    const startedAt = sampleOf(text, "process_start_time_seconds") ?? 0;
    assert.ok(startedAt > 0 && startedAt < time.now() / 1000);
    assert.ok((sampleOf(text, "process_uptime_seconds") ?? 0) > 0);
    assert.equal(sampleOf(text, "nodejs_version_info", { version: process.version }), 1);
    assert.equal(sampleOf(text, "nodejs_eventloop_lag_max_seconds"), 0);
    assert.equal(sampleOf(text, "process_network_receive_bytes_total"), 0);
    assert.equal(sampleOf(text, "process_network_transmit_bytes_total"), 0);
  });

  it("read the memory every ten seconds, since a reading costs a system call", async (t) => {
    const reads = t.mock.method(process, "memoryUsage");
    const registry = new MetricsRegistry({ logger: silentLogger });
    const time = new VirtualTime();
    const metrics = new ProcessMetrics({ registry, clock: time, timers: time });
    metrics.start();
    t.after(() => metrics.stop());
    for (let second = 0; second < 20; second++) {
      expose(registry.families());
      await time.advanceAsync(1_000);
    }
    assert.equal(reads.mock.callCount(), 2);
  });

  it("remove their observers and timers when stopped", () => {
    const time = new VirtualTime();
    const registry = new MetricsRegistry({ logger: silentLogger });
    const metrics = new ProcessMetrics({ registry, clock: time, timers: time });
    metrics.start();
    metrics.stop();
    const remaining = [...parseExposition(expose(registry.families())).keys()];
    assert.deepEqual(remaining, ["nodejs_gc_duration_seconds"]);
    assert.equal(time.pending, 0);
  });
});

describe("lag of the event loop", () => {
  function histogramOf(lagsMs: number[]): DelayHistogram {
    const sorted = (): number[] => lagsMs.map((lag) => (lag + resolutionMs) * 1e6).sort((a, b) => a - b);
    return {
      get max() {
        return sorted().at(-1) ?? 0;
      },
      get count() {
        return lagsMs.length;
      },
      percentile: (percent) => sorted()[Math.ceil((percent / 100) * lagsMs.length) - 1] ?? 0,
      reset: () => lagsMs.splice(0),
      enable: () => true,
      disable: () => true,
    };
  }

  const idle = () => ({ busyMs: 0, turns: 0 });

  /** A loop whose activity is read once a second, and a histogram that records whether it is enabled. */
  function probe() {
    const now = { busyMs: 0, turns: 0, isOn: false };
    const switchTo = (isOn: boolean): boolean => {
      const isChanged = now.isOn !== isOn;
      now.isOn = isOn;
      return isChanged;
    };
    const histogram: DelayHistogram = {
      ...{ max: 0, count: 0, percentile: () => 0, reset() {} },
      enable: () => switchTo(true),
      disable: () => switchTo(false),
    };
    const lag = new EventLoopLag(histogram, () => ({ ...now }));
    lag.start();
    const second = (busyMs: number, turns: number) => {
      now.busyMs += busyMs;
      now.turns += turns;
      lag.tick();
    };
    return { lag, now, second };
  }

  function tick(lag: EventLoopLag, times: number): void {
    for (let count = 0; count < times; count += 1) lag.tick();
  }

  it("is the delay above the resolution, over the last complete ten seconds", () => {
    const lags = [0, 0, 5, 100];
    const lag = new EventLoopLag(histogramOf(lags), idle);
    tick(lag, 9);
    assert.equal(lag.p99Seconds, 0);
    tick(lag, 1);
    assert.ok(Math.abs(lag.p50Seconds - 0) < 1e-9);
    assert.ok(Math.abs(lag.p99Seconds - 0.1) < 1e-9);
    tick(lag, 10);
    assert.equal(lag.p99Seconds, 0);
  });

  it("keeps its maximum for a minute, so that a scrape each minute includes every spike", () => {
    const lag = new EventLoopLag(histogramOf([700]), idle);
    tick(lag, 60);
    assert.ok(Math.abs(lag.maxSeconds - 0.7) < 1e-9);
    tick(lag, 10);
    assert.equal(lag.maxSeconds, 0);
  });

  it("is probed while the process is busy, and ten quiet seconds end the probe", () => {
    const { now, second } = probe();
    for (let at = 0; at < 10; at++) second(at === 5 ? 200 : 8, 20);
    assert.ok(now.isOn, "one second was busy");
    for (let at = 0; at < 10; at++) second(8, 20);
    assert.ok(!now.isOn, "no wake-ups of a quiet process");
    second(400, 900);
    assert.ok(now.isOn);
  });

  it("of a quiet process is its mean turn, and a long turn is a spike", () => {
    const { lag, second } = probe();
    for (let at = 0; at < 20; at++) second(8, 20);
    assert.deepEqual([lag.p50Seconds, lag.p99Seconds, lag.maxSeconds], [0, 0.0004, 0.0004]);
    second(710, 20);
    for (let at = 0; at < 9; at++) second(8, 20);
    assert.deepEqual([lag.p50Seconds, lag.p99Seconds, lag.maxSeconds], [0, 0.71, 0.71]);
    for (let at = 0; at < 20; at++) second(8, 20);
    assert.deepEqual([lag.p99Seconds, lag.maxSeconds], [0.0004, 0.71]);
  });

  it("has no spike when a quiet process starts work in short turns", () => {
    const { lag, second } = probe();
    for (let at = 0; at < 10; at++) second(8, 20);
    for (let at = 0; at < 10; at++) second(900, 900);
    assert.equal(lag.maxSeconds, 0.001);
  });
});
