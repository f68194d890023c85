/**
 * Sends spans and metrics to an OpenTelemetry collector, as protobuf over HTTP. This module loads OpenTelemetry's SDK
 * (9 MiB in a process that has node:http already), so it is imported only when a collector is configured.
 *
 * 1. A collector that is unreachable, slow or hostile costs only its telemetry. Queues are bounded, items that do not fit
 *    are dropped and counted, no promise rejects, and no other work waits for the collector.
 * 2. After `stop` no telemetry is accepted, and no request is in progress.
 */

import type { Agent } from "node:http";
import { type ExportResult, ExportResultCode, type InstrumentationScope } from "@opentelemetry/core";
import { OTLPMetricExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import { type Resource, resourceFromAttributes } from "@opentelemetry/resources";
import type { ResourceMetrics } from "@opentelemetry/sdk-metrics";
import { BatchSpanProcessor, type ReadableSpan, type SpanExporter } from "@opentelemetry/sdk-trace";
import type { Clock, Counter, CounterCell, Logger, Metrics, Timer, Timers } from "@tutti/kernel";
import type { MetricsRegistry } from "../metrics/registry.ts";
import type { FinishedSpan, SpanSink } from "../tracing/recorded-span.ts";
import { resourceMetrics } from "./metric-data.ts";
import { hrTime, readableSpan } from "./readable-span.ts";

interface OtlpExporterOptions {
  /** Address of the collector: `http://localhost:4318`. */
  readonly endpoint: string;
  /** Returns the headers. Called for every request. Never rejects. */
  readonly headers: () => Promise<Record<string, string>>;
  readonly service: string;
  readonly instance: string;
  readonly version: string;
  readonly metricsIntervalMs: number;
  readonly registry: MetricsRegistry;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly timers: Timers;
}

const queuedSpansMax = 4096;
const batchSpansMax = 512;
const exportTimeoutMs = 5000;
const batchDelayMs = 1000;
const stopMaxMs = 2000;
const scopeName = "tutti";

export class OtlpExporter implements SpanSink {
  readonly #options: OtlpExporterOptions;
  readonly #resource: Resource;
  readonly #scope: InstrumentationScope;
  readonly #agents = new CollectorAgents();
  readonly #watch: OutcomeWatch;
  readonly #traceExporter: OTLPTraceExporter;
  readonly #processor: BatchSpanProcessor;
  readonly #metricExporter: OTLPMetricExporter;
  readonly #dropped: CounterCell;
  readonly #startedAtMs: number;
  #queued = 0;
  #pushing: Promise<void> | undefined;
  #timer: Timer | undefined;
  #stopped = false;

  constructor(options: OtlpExporterOptions) {
    const { endpoint, registry, logger, clock, timers } = options;
    this.#options = options;
    this.#startedAtMs = clock.now();
    this.#scope = { name: scopeName, version: options.version };
    this.#resource = resourceFromAttributes({
      "service.name": options.service,
      "service.namespace": scopeName,
      "service.instance.id": options.instance,
      "service.version": options.version,
      "process.pid": process.pid,
    });
    this.#watch = new OutcomeWatch({ endpoint, logger, metrics: registry });
    this.#dropped = registry
      .counter({
        name: "tutti_telemetry_dropped_spans_total",
        help: "Spans dropped because the collector was too slow.",
      })
      .with({});
    this.#traceExporter = new OTLPTraceExporter(this.#transport("v1/traces"));
    this.#processor = new BatchSpanProcessor({
      exporter: this.#watched(this.#traceExporter),
      maxQueueSize: queuedSpansMax,
      maxExportBatchSize: batchSpansMax,
      scheduledDelayMillis: batchDelayMs,
      exportTimeoutMillis: exportTimeoutMs,
    });
    this.#metricExporter = new OTLPMetricExporter(this.#transport("v1/metrics"));
    this.#timer = timers.every(options.metricsIntervalMs, () => this.#pushMetrics());
  }

  /** True if the collector rejected the last export or was unreachable. */
  get failing(): boolean {
    return this.#watch.failing;
  }

  accept(span: FinishedSpan): void {
    if (this.#stopped) return;
    if (this.#queued >= queuedSpansMax) {
      this.#dropped.add();
      return;
    }
    this.#queued += 1;
    this.#processor.onEnd(readableSpan(span, this.#resource, this.#scope));
  }

  /** Sends all waiting telemetry. Resolves when the collector has it or the exporter has dropped it. */
  async flush(): Promise<void> {
    const spans = this.#processor.forceFlush().then(() => this.#traceExporter.forceFlush());
    await Promise.allSettled([spans, this.#pushMetricsNow()]);
  }

  /**
   * Sends the waiting telemetry and stops. Waits at most until the signal aborts, and does not wait if the collector is
   * failing.
   */
  async stop(signal: AbortSignal): Promise<void> {
    if (this.#stopped) return;
    this.#timer?.cancel();
    if (!this.#watch.failing) await Promise.race([this.flush(), aborted(signal), this.#timeUp()]);
    this.#stopped = true;
    this.#agents.destroy();
  }

  #timeUp(): Promise<void> {
    return new Promise((resolve) => this.#options.timers.after(stopMaxMs, resolve));
  }

  #pushMetrics(): void {
    this.#pushing ??= this.#sendMetrics().finally(() => {
      this.#pushing = undefined;
    });
  }

  /** Pushes once more after the push in progress, which may have read the numbers earlier. */
  async #pushMetricsNow(): Promise<void> {
    await this.#pushing;
    this.#pushMetrics();
    await this.#pushing;
  }

  #sendMetrics(): Promise<void> {
    return new Promise((resolve) => {
      const settle = (error?: unknown): void => {
        if (error === undefined) this.#watch.succeeded("metrics");
        else this.#watch.failed("metrics", error);
        resolve();
      };
      try {
        this.#metricExporter.export(this.#collect(), (result) => settle(failureOf(result)));
      } catch (error) {
        settle(error);
      }
    });
  }

  #collect(): ResourceMetrics {
    const { registry, clock } = this.#options;
    const period = { start: hrTime(this.#startedAtMs), end: hrTime(clock.now()) };
    return resourceMetrics(registry.families(), this.#resource, this.#scope, period);
  }

  /** Wraps the exporter to count spans that leave the queue, and the results of exports. */
  #watched(exporter: SpanExporter): SpanExporter {
    return {
      export: (spans: ReadableSpan[], done) => {
        this.#queued -= spans.length;
        exporter.export(spans, (result) => {
          const failure = failureOf(result);
          if (failure === undefined) this.#watch.succeeded("traces");
          else this.#watch.failed("traces", failure);
          done(result);
        });
      },
      shutdown: () => exporter.shutdown(),
    };
  }

  #transport(path: string) {
    const { endpoint, headers } = this.#options;
    return {
      url: `${endpoint.replace(/\/+$/, "")}/${path}`,
      headers,
      timeoutMillis: exportTimeoutMs,
      httpAgentOptions: this.#agents.createAgent,
    };
  }
}

function failureOf(result: ExportResult): unknown {
  if (result.code === ExportResultCode.SUCCESS) return undefined;
  return result.error ?? new Error("the collector gave no reason");
}

function aborted(signal: AbortSignal): Promise<void> {
  if (signal.aborted) return Promise.resolve();
  return new Promise((resolve) => signal.addEventListener("abort", () => resolve(), { once: true }));
}

/**
 * The sockets to the collector. After a lost connection, OpenTelemetry's exporter pauses for up to five seconds, and the
 * pause cannot be cancelled. But an exporter must never delay a process that wants to stop.
 *
 * 1. A connection that cannot be made fails immediately. The next batch, a second later, is the retry.
 * 2. After `destroy`, requests in progress fail, and no connection is made.
 */
class CollectorAgents {
  readonly #agents: Agent[] = [];
  #ended = false;

  /** Makes the agent for `http:` or `https:`. */
  readonly createAgent = async (protocol: string): Promise<Agent> => {
    const { Agent } = protocol === "https:" ? await import("node:https") : await import("node:http");
    const agent = new Agent({ keepAlive: true, maxSockets: 4 });
    const connect = agent.createConnection.bind(agent);
    agent.createConnection = (options, callback) => {
      if (this.#ended) throw new Error("telemetry has stopped");
      const socket = connect(options, callback);
      socket?.prependListener("error", markFinal);
      return socket;
    };
    this.#agents.push(agent);
    return agent;
  };

  destroy(): void {
    this.#ended = true;
    for (const agent of this.#agents) {
      // Without an error, a destroyed socket looks like a lost connection, which the exporter retries.
      const busy = Object.values(agent.sockets).flatMap((sockets) => sockets ?? []);
      for (const socket of busy) socket.destroy(new Error("telemetry has stopped"));
      agent.destroy();
    }
  }
}

/** Removes the code of an error, because the exporter decides by the code whether to retry. */
function markFinal(error: Error & { code?: string | undefined }): void {
  if (error.message === "") error.message = error.code ?? error.name;
  error.code = undefined;
}

type Signal = "traces" | "metrics";

/** Counts results of exports. Logs only the first failure and the first success after it. */
class OutcomeWatch {
  readonly #logger: Logger;
  readonly #endpoint: string;
  readonly #exports: Counter<"signal" | "outcome">;
  readonly #failing = new Set<Signal>();

  constructor(options: { readonly logger: Logger; readonly metrics: Metrics; readonly endpoint: string }) {
    this.#logger = options.logger;
    this.#endpoint = options.endpoint;
    this.#exports = options.metrics.counter({
      name: "tutti_telemetry_exports_total",
      help: "Batches sent to the collector by outcome.",
      labels: ["signal", "outcome"],
    });
  }

  /** True if the last attempt of a signal failed. */
  get failing(): boolean {
    return this.#failing.size > 0;
  }

  succeeded(signal: Signal): void {
    this.#exports.with({ signal, outcome: "ok" }).add();
    if (!this.#failing.delete(signal)) return;
    this.#logger.info("collector accepts telemetry again", { signal, endpoint: this.#endpoint });
  }

  failed(signal: Signal, error: unknown): void {
    this.#exports.with({ signal, outcome: "failed" }).add();
    if (this.#failing.has(signal)) return;
    this.#failing.add(signal);
    this.#logger.warn("collector rejects telemetry, dropping it: check tracing.otlpEndpoint", {
      signal,
      endpoint: this.#endpoint,
      error,
    });
  }
}
