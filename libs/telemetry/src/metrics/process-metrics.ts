/**
 * The usual process metrics of Prometheus' clients, under the names that dashboards expect. Reading them costs system
 * calls. So expensive ones are read at most every ten seconds and all others at most once a moment.
 */
import { readdirSync, readFileSync } from "node:fs";
import { type PerformanceEntry, PerformanceObserver } from "node:perf_hooks";
import type { Clock, Timer, Timers } from "@tutti/kernel";
import { EventLoopLag } from "./event-loop-lag.ts";
import { NetworkBytes } from "./network-bytes.ts";
import type { MetricsRegistry } from "./registry.ts";

interface ProcessMetricsOptions {
  readonly registry: MetricsRegistry;
  readonly clock: Clock;
  readonly timers: Timers;
}

const momentMs = 100;
const secondMs = 1_000;
const seldomMs = 10_000;
const gcBounds = [0.0005, 0.001, 0.005, 0.01, 0.05, 0.1, 0.5, 1];
/** By the numbers of `perf_hooks.constants.NODE_PERFORMANCE_GC_*`. */
const gcKinds = new Map([
  [1, "minor"],
  [4, "major"],
  [8, "incremental"],
  [16, "weakcb"],
]);

export class ProcessMetrics {
  readonly #options: ProcessMetricsOptions;
  readonly #stops: (() => void)[] = [];
  readonly #lag = new EventLoopLag();
  readonly #network = new NetworkBytes();
  #timer: Timer | undefined;

  constructor(options: ProcessMetricsOptions) {
    this.#options = options;
  }

  start(): void {
    this.#observeCpu();
    this.#observeMemory();
    this.#observeHandles();
    this.#observeNetwork();
    this.#observeLag();
    this.#observeGarbageCollection();
    this.#observeVersion();
  }

  stop(): void {
    for (const stop of this.#stops.splice(0)) stop();
    this.#timer?.cancel();
    this.#lag.stop();
    this.#network.stop();
  }

  #gauge(name: string, help: string, read: () => number): void {
    this.#stops.push(this.#options.registry.gauge({ name, help }).observe({}, read));
  }

  #counter(name: string, help: string, read: () => number): void {
    this.#stops.push(this.#options.registry.observeCounter({ name, help }, {}, read));
  }

  #observeCpu(): void {
    const usage = this.#cached(momentMs, () => process.cpuUsage());
    this.#counter("process_cpu_user_seconds_total", "Time on a CPU in user mode.", () => usage().user / 1e6);
    this.#counter(
      "process_cpu_system_seconds_total",
      "Time on a CPU in the kernel.",
      () => usage().system / 1e6,
    );
    this.#counter(
      "process_cpu_seconds_total",
      "Time on a CPU in user mode and in the kernel.",
      () => (usage().user + usage().system) / 1e6,
    );
    const startedAt = this.#options.clock.now() / 1000 - process.uptime();
    this.#gauge(
      "process_start_time_seconds",
      "Start time of the process since the Unix epoch.",
      () => startedAt,
    );
    this.#gauge("process_uptime_seconds", "Uptime of the process.", () => process.uptime());
  }

  #observeMemory(): void {
    const usage = this.#cached(seldomMs, () => process.memoryUsage());
    this.#gauge("process_resident_memory_bytes", "Memory of the process in RAM.", () => usage().rss);
    this.#gauge("nodejs_heap_size_total_bytes", "Size of the JavaScript heap.", () => usage().heapTotal);
    this.#gauge("nodejs_heap_size_used_bytes", "Used part of the JavaScript heap.", () => usage().heapUsed);
    this.#gauge(
      "nodejs_external_memory_bytes",
      "Memory of buffers outside the heap.",
      () => usage().external,
    );
  }

  #observeHandles(): void {
    const resources = this.#cached(seldomMs, () => process.getActiveResourcesInfo().length);
    this.#gauge(
      "nodejs_active_resources",
      "Sockets, timers, requests that keep the process alive.",
      resources,
    );
    const files = this.#cached(seldomMs, countOpenFiles);
    if (Number.isNaN(files())) return;
    this.#gauge("process_open_fds", "Open file descriptors.", files);
    const limit = readOpenFilesLimit();
    if (!Number.isNaN(limit)) {
      this.#gauge("process_max_fds", "Maximum number of open file descriptors.", () => limit);
    }
  }

  #observeNetwork(): void {
    this.#network.start();
    const bytes = this.#cached(secondMs, () => this.#network.read());
    this.#counter(
      "process_network_receive_bytes_total",
      "Bytes that sockets of the process received.",
      () => bytes().received,
    );
    this.#counter(
      "process_network_transmit_bytes_total",
      "Bytes that sockets of the process sent.",
      () => bytes().sent,
    );
  }

  #observeLag(): void {
    const lag = this.#lag;
    lag.start();
    this.#timer = this.#options.timers.every(1000, () => lag.tick());
    const window = "of the event loop over the last ten seconds.";
    this.#gauge("nodejs_eventloop_lag_p50_seconds", `Median lag ${window}`, () => lag.p50Seconds);
    this.#gauge(
      "nodejs_eventloop_lag_p99_seconds",
      `99th percentile of the lag ${window}`,
      () => lag.p99Seconds,
    );
    this.#gauge(
      "nodejs_eventloop_lag_max_seconds",
      "Greatest lag of the event loop over the last minute.",
      () => {
        return lag.maxSeconds;
      },
    );
  }

  #observeGarbageCollection(): void {
    const pauses = this.#options.registry.histogram({
      name: "nodejs_gc_duration_seconds",
      help: "Pauses of the garbage collector.",
      labels: ["kind"],
      buckets: gcBounds,
    });
    const cells = new Map([...gcKinds].map(([number, kind]) => [number, pauses.with({ kind })]));
    let pausedMs = 0;
    this.#counter(
      "nodejs_gc_seconds_total",
      "Time that the garbage collector stopped the process.",
      () => pausedMs / 1000,
    );
    const observer = new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) {
        pausedMs += entry.duration;
        cells.get(gcKindOf(entry))?.observe(entry.duration / 1000);
      }
    });
    observer.observe({ entryTypes: ["gc"] });
    this.#stops.push(() => observer.disconnect());
  }

  #observeVersion(): void {
    const description = {
      name: "nodejs_version_info",
      help: "Version of Node.",
      labels: ["version"] as const,
    };
    const gauge = this.#options.registry.gauge(description);
    this.#stops.push(gauge.observe({ version: process.version }, () => 1));
  }

  /** Returns a reader that reads again only if the last value is older than `maxAgeMs`. */
  #cached<T>(maxAgeMs: number, read: () => T): () => T {
    const { clock } = this.#options;
    let cached: { readonly value: T; readonly readAtMs: number } | undefined;
    return () => {
      const nowMs = clock.monotonic();
      if (cached === undefined || nowMs - cached.readAtMs >= maxAgeMs)
        cached = { value: read(), readAtMs: nowMs };
      return cached.value;
    };
  }
}

function gcKindOf(entry: PerformanceEntry): number {
  const detail: unknown = "detail" in entry ? entry.detail : undefined;
  return typeof detail === "object" && detail !== null && "kind" in detail ? Number(detail.kind) : 0;
}

/** Returns NaN if the system has no /proc. */
function countOpenFiles(): number {
  try {
    return readdirSync("/proc/self/fd").length;
  } catch {
    return Number.NaN;
  }
}

function readOpenFilesLimit(): number {
  try {
    const soft = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"))?.[1];
    return soft === undefined ? Number.NaN : Number(soft);
  } catch {
    return Number.NaN;
  }
}
