/**
 * Everything that makes a process observable: logger, metrics, tracer and ring, created from the configuration, as one
 * component of the process.
 *
 * 1. Logger, metrics and tracer work from their creation until the process ends. `start` and `stop` only control the
 *    periodic work: sampling and exporting.
 * 2. Unneeded modules are not loaded: pino-pretty without a terminal, OpenTelemetry without a collector, remote write
 *    without a server.
 */
import {
  type Chance,
  type Clock,
  type Component,
  type Configuration,
  degraded,
  type Health,
  healthy,
  type Logger,
  type LogLevel,
  type SecretReference,
  type Timers,
  type Tracer,
} from "@tutti/kernel";
import { pino } from "pino";
import type { z } from "zod";
import { logSection, metricsSection, remoteWriteSection, tracingSection } from "./configuration.ts";
import { LogRoot, type LogStream } from "./logging/log-root.ts";
import { prettyStream } from "./logging/pretty-stream.ts";
import { ProcessMetrics } from "./metrics/process-metrics.ts";
import { MetricsRegistry } from "./metrics/registry.ts";
import { sdkVariables } from "./otlp/environment.ts";
import type { NodeSdk } from "./otlp/node-sdk.ts";
import type { OtlpExporter } from "./otlp/otlp-exporter.ts";
import type { RemoteWriter } from "./remote-write/remote-writer.ts";
import { SampleRing } from "./ring/sample-ring.ts";
import { TelemetryTracer } from "./tracing/tracer.ts";

export interface TelemetryOptions {
  readonly configuration: Pick<Configuration, "read" | "onChange">;
  /** Name of the service and of this instance. Each line and each trace has both. */
  readonly service: string;
  readonly instance: string;
  readonly version?: string;
  /** Returns the name of this process in exported series. Empty until the name is known. Default: the instance. */
  readonly processName?: () => string;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly chance: Chance;
  /** Receives log lines as JSON. Default: standard output, in the configured format. */
  readonly stream?: LogStream;
}

type Tracing = z.output<typeof tracingSection.schema>;

/** Creates telemetry. Logging works immediately. `start` starts sampling and exporting. */
export async function openTelemetry(options: TelemetryOptions): Promise<Telemetry> {
  const { level, format } = options.configuration.read(logSection);
  return new Telemetry(options, { level, stream: options.stream ?? (await standardOutput(format)) });
}

async function standardOutput(format: "auto" | "json" | "pretty"): Promise<LogStream> {
  const terminal = process.stdout.isTTY === true;
  const pretty = format === "pretty" || (format === "auto" && terminal);
  return pretty
    ? prettyStream({ colors: terminal })
    : pino.destination({ dest: process.stdout.fd, sync: true });
}

export class Telemetry implements Component {
  readonly logger: Logger;
  readonly metrics: MetricsRegistry;
  readonly tracer: Tracer;
  readonly ring: SampleRing;
  readonly #options: TelemetryOptions;
  readonly #log: LogRoot;
  readonly #tracer: TelemetryTracer;
  readonly #process: ProcessMetrics;
  readonly #hasRing: boolean;
  readonly #unsubscribe: (() => void)[] = [];
  #exporter: OtlpExporter | NodeSdk | undefined;
  #sdk: NodeSdk | undefined;
  #remoteWriter: RemoteWriter | undefined;

  constructor(options: TelemetryOptions, log: { readonly level: LogLevel; readonly stream: LogStream }) {
    const { configuration, clock, timers, chance, service, instance } = options;
    const { labelSetsMax, ringMaxBytes: maxBytes } = configuration.read(metricsSection);
    this.#options = options;
    this.#log = new LogRoot({ clock, ...log, base: { service, instance } });
    this.logger = this.#log.logger;
    this.metrics = new MetricsRegistry({ logger: this.logger, labelSetsMax });
    this.#tracer = new TelemetryTracer({ clock, chance });
    this.tracer = this.#tracer;
    this.#process = new ProcessMetrics({ registry: this.metrics, clock, timers });
    this.#hasRing = maxBytes > 0;
    this.ring = new SampleRing({ registry: this.metrics, clock, timers, logger: this.logger, maxBytes });
  }

  /** Starts to sample, and to export if a collector is configured. */
  async start(): Promise<void> {
    const { configuration } = this.#options;
    const tracing = configuration.read(tracingSection);
    // First, because it can fail, and a failed start must leave nothing running.
    await this.#openTracing(tracing);
    await this.#openRemoteWriter();
    this.#process.start();
    if (this.#hasRing) this.ring.start();
    this.#unsubscribe.push(
      configuration.onChange(logSection, ({ level }) => this.setLogLevel(level)),
      configuration.onChange(tracingSection, ({ sampleRatio }) => {
        if (this.#sdk !== undefined) this.#sdk.sampleRatio = sampleRatio;
        else if (this.#exporter !== undefined) this.#tracer.recordInto(this.#exporter, sampleRatio);
      }),
    );
  }

  /** Sends samples to a Prometheus. Undefined if none is configured, and before the start. */
  get remoteWriter(): Pick<RemoteWriter, "add"> | undefined {
    return this.#remoteWriter;
  }

  /** Sends waiting telemetry. Resolves when the receivers have it or the exporters have dropped it. */
  async flush(): Promise<void> {
    await Promise.all([this.#exporter?.flush(), this.#remoteWriter?.flush()]);
  }

  /** Ends sampling and exporting. Later calls of the logger, metrics and tracer are harmless. */
  async stop(signal: AbortSignal): Promise<void> {
    for (const unsubscribe of this.#unsubscribe.splice(0)) unsubscribe();
    this.#tracer.stopRecording();
    await Promise.all([this.#exporter?.stop(signal), this.#remoteWriter?.stop(signal)]);
    this.#exporter = undefined;
    this.#sdk = undefined;
    this.#remoteWriter = undefined;
    this.ring.stop();
    this.#process.stop();
  }

  health(): Health {
    if (this.#exporter?.failing === true)
      return degraded(
        `the collector does not take telemetry: check ${this.#sdk === undefined ? "tracing.otlpEndpoint" : "tracing.otlpEndpoint and the OTEL_EXPORTER_* variables"}`,
      );
    const { problem = "" } = this.#remoteWriter ?? {};
    return problem === "" ? healthy : degraded(`remote write fails: ${problem}. Check remoteWrite.url`);
  }

  /** Changes the lowest level that is written, for all loggers immediately. */
  setLogLevel(level: LogLevel): void {
    if (level === this.#log.level) return;
    this.logger.info("log level changed", { from: this.#log.level, to: level });
    this.#log.setLevel(level);
  }

  async #openRemoteWriter(): Promise<void> {
    const { configuration, instance, processName = () => instance, clock, timers, chance } = this.#options;
    const { url, headers: secrets = {}, ...settings } = configuration.read(remoteWriteSection);
    if (url === undefined) return;
    const headers = await currentHeaders(secrets);
    const { RemoteWriter } = await import("./remote-write/remote-writer.ts");
    const { metrics: registry, logger } = this;
    const parts = { registry, logger, clock, timers, chance };
    this.#remoteWriter = new RemoteWriter({ url, headers, ...settings, processName, ...parts });
    this.logger.info("sending metrics by remote write", { url, intervalMs: settings.intervalMs });
  }

  /** Uses the SDK if a variable of OpenTelemetry is set, and a small exporter otherwise. */
  async #openTracing(tracing: Tracing): Promise<void> {
    const variables = sdkVariables(process.env);
    const { otlpEndpoint: endpoint } = tracing;
    if (variables.isDisabled) {
      if (endpoint !== undefined)
        this.logger.info("nothing is sent to the collector: OTEL_SDK_DISABLED is true");
      return;
    }
    if (endpoint !== undefined && !variables.isUsed) await this.#openExporter(tracing, endpoint);
    else if (endpoint !== undefined || variables.isOn) await this.#openSdk(tracing, endpoint);
  }

  async #openSdk(tracing: Tracing, endpoint: string | undefined): Promise<void> {
    const { service, instance, version = "0.0.0", clock, timers } = this.#options;
    const headers = await currentHeaders(tracing.headers ?? {});
    const { NodeSdk } = await import("./otlp/node-sdk.ts");
    const { metricsIntervalMs, sampleRatio } = tracing;
    this.#sdk = new NodeSdk({
      service,
      instance,
      version,
      metricsIntervalMs,
      sampleRatio,
      clock,
      timers,
      collector:
        endpoint === undefined
          ? undefined
          : (path) => ({ url: `${endpoint.replace(/\/+$/, "")}/${path}`, headers }),
      registry: this.metrics,
      logger: this.logger,
      instants: this.#tracer,
    });
    this.#exporter = this.#sdk;
    this.#tracer.recordInto(this.#sdk, sampleRatio);
    this.logger.info("exporting traces and metrics by the OTEL_* variables", { endpoint });
  }

  async #openExporter(tracing: Tracing, endpoint: string): Promise<void> {
    const { service, instance, version = "0.0.0", clock, timers } = this.#options;
    const headers = await currentHeaders(tracing.headers ?? {});
    const { OtlpExporter } = await import("./otlp/otlp-exporter.ts");
    this.#exporter = new OtlpExporter({
      endpoint,
      headers,
      service,
      instance,
      version,
      metricsIntervalMs: tracing.metricsIntervalMs,
      registry: this.metrics,
      logger: this.logger,
      clock,
      timers,
    });
    this.#tracer.recordInto(this.#exporter, tracing.sampleRatio);
    this.logger.info("exporting traces and metrics to a collector", {
      endpoint,
      sampleRatio: tracing.sampleRatio,
    });
  }
}

/**
 * Returns the headers of requests to the collector. They are read again for each request, so that a rotated secret takes
 * effect. If a secret cannot be read, the last headers are used. Rejects only the first time.
 */
async function currentHeaders(
  references: Readonly<Record<string, SecretReference>>,
): Promise<() => Promise<Record<string, string>>> {
  let last = await revealed(references);
  return async () => {
    try {
      last = await revealed(references);
    } catch {
      // The reply of the collector shows whether the old headers are still valid.
    }
    // A copy, because the exporter adds headers of its own.
    return { ...last };
  };
}

async function revealed(
  references: Readonly<Record<string, SecretReference>>,
): Promise<Record<string, string>> {
  const entries = Object.entries(references).map(
    async ([name, reference]) => [name, await reference.reveal()] as const,
  );
  return Object.fromEntries(await Promise.all(entries));
}
