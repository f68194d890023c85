/**
 * OpenTelemetry's own SDK for Node, configured by its `OTEL_*` variables. This module loads the SDK (50 MiB). So it is
 * imported only if such a variable is set and an exporter is enabled.
 *
 * 1. The SDK's sampler decides about each span at its start. Its limits, processors and exporters do the rest.
 * 2. A span that is reported after its end keeps its ids, so that the dashboard and the collector show the same ids.
 * 3. Resource attributes from the variables override ours.
 * 4. No promise rejects, and a stop waits at most 2 s.
 */
import {
  type Context,
  diag,
  type ProxyTracerProvider,
  propagation,
  ROOT_CONTEXT,
  type Span as SdkSpan,
  type Tracer as SdkTracer,
  SpanStatusCode,
  TraceFlags,
  trace,
} from "@opentelemetry/api";
import { diagLogLevelFromString, getStringFromEnv, setGlobalErrorHandler } from "@opentelemetry/core";
import { OTLPTraceExporter } from "@opentelemetry/exporter-trace-otlp-proto";
import {
  defaultResource,
  envDetector,
  hostDetector,
  osDetector,
  processDetector,
  resourceFromAttributes,
} from "@opentelemetry/resources";
import { AggregationTemporality, type MetricProducer, type MetricReader } from "@opentelemetry/sdk-metrics";
import { NodeSDK } from "@opentelemetry/sdk-node";
import {
  type IdGenerator,
  ParentBasedSampler,
  RandomIdGenerator,
  type Sampler,
  TraceIdRatioBasedSampler,
  type TracerProvider,
} from "@opentelemetry/sdk-trace";
import type {
  Clock,
  Logger,
  Span,
  SpanAttributes,
  SpanDescription,
  Timers,
  TraceContext,
  TraceHeaders,
} from "@tutti/kernel";
import { errorRecord } from "../logging/error-record.ts";
import type { MetricsRegistry } from "../metrics/registry.ts";
import {
  type FinishedSpan,
  type Instants,
  printableAttributes,
  type SpanSink,
} from "../tracing/recorded-span.ts";
import { Deltas } from "./deltas.ts";
import { resourceMetrics } from "./metric-data.ts";
import { type Collector, metricReaders } from "./metric-readers.ts";
import { attributesOf, hrTime, spanContextOf, spanKindOf } from "./readable-span.ts";

interface NodeSdkOptions {
  readonly service: string;
  readonly instance: string;
  readonly version: string;
  /** Undefined: the variables decide. */
  readonly collector: Collector | undefined;
  readonly metricsIntervalMs: number;
  readonly sampleRatio: number;
  readonly registry: MetricsRegistry;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly instants: Instants;
}

const stopMaxMs = 2_000;
/** How long after a failed export the collector counts as failing. */
const failingMs = 120_000;
const scopeName = "tutti";

export class NodeSdk implements SpanSink {
  readonly #options: NodeSdkOptions;
  readonly #sdk: NodeSDK;
  readonly #readers: readonly MetricReader[];
  readonly #ids = new PresetIds();
  readonly #ratio: RatioSampler;
  #tracer: SdkTracer;
  #failedAtMs = Number.NEGATIVE_INFINITY;
  #isStopped = false;

  constructor(options: NodeSdkOptions) {
    const { service, instance, version, metricsIntervalMs, collector, logger } = options;
    this.#options = options;
    this.#ratio = new RatioSampler(options.sampleRatio);
    const level = diagLogLevelFromString(getStringFromEnv("OTEL_LOG_LEVEL") ?? "warn");
    const log = () =>
      diag.setLogger(diagLogger(logger), {
        suppressOverrideMessage: true,
        ...(level !== undefined && { logLevel: level }),
      });
    log();
    setGlobalErrorHandler((error) => this.#failed(error));
    const startedAtMs = options.clock.now();
    this.#readers = metricReaders(
      (temporality) => this.#producer(temporality, startedAtMs),
      metricsIntervalMs,
      collector,
    );
    const sampler = new ParentBasedSampler({ root: this.#ratio });
    this.#sdk = new NodeSDK({
      resource: defaultResource().merge(
        resourceFromAttributes({
          "service.name": service,
          "service.namespace": scopeName,
          "service.instance.id": instance,
          "service.version": version,
        }),
      ),
      idGenerator: this.#ids,
      metricReaders: [...this.#readers],
      ...(getStringFromEnv("OTEL_NODE_RESOURCE_DETECTORS") === undefined && {
        resourceDetectors: [processDetector, hostDetector, osDetector, envDetector],
      }),
      ...(getStringFromEnv("OTEL_TRACES_SAMPLER") === undefined && { sampler }),
      ...(collector !== undefined &&
        getStringFromEnv("OTEL_TRACES_EXPORTER") === undefined && {
          traceExporter: new OTLPTraceExporter(collector("v1/traces")),
        }),
    });
    // The constructor has replaced our logger with one of its own.
    log();
    this.#sdk.start();
    this.#tracer = trace.getTracer(scopeName, version);
  }

  /** True if an export failed in the last two minutes. */
  get failing(): boolean {
    return this.#options.clock.now() - this.#failedAtMs < failingMs;
  }

  set sampleRatio(ratio: number) {
    this.#ratio.ratio = ratio;
  }

  start({ name, kind, parent, attributes = {} }: SpanDescription): Span {
    const { instants } = this.#options;
    const span = this.#tracer.startSpan(
      name,
      {
        kind: spanKindOf(kind),
        startTime: hrTime(instants.instantMs()),
        attributes: printableAttributes(attributes),
      },
      below(parent),
    );
    return new LiveSpan(span, instants);
  }

  /** Exports a span that has ended, with its own ids. */
  accept(span: FinishedSpan): void {
    if (this.#isStopped) return;
    this.#ids.next = span.context;
    try {
      const exported = this.#tracer.startSpan(
        span.name,
        {
          kind: spanKindOf(span.kind),
          startTime: hrTime(span.startMs),
          attributes: attributesOf(span),
          links: span.links.map((link) => ({ context: spanContextOf(link) })),
        },
        below(span.parent),
      );
      if (span.error !== undefined)
        exported.setStatus({ code: SpanStatusCode.ERROR, message: span.error.message });
      exported.end(hrTime(span.endMs));
    } finally {
      this.#ids.next = undefined;
    }
  }

  /** Reads the trace context from headers, in the formats of `OTEL_PROPAGATORS`. */
  extract(headers: TraceHeaders): TraceContext | undefined {
    const context = trace.getSpanContext(propagation.extract(ROOT_CONTEXT, headers));
    if (context === undefined) return undefined;
    const { traceId, spanId, traceFlags } = context;
    return { traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 };
  }

  async flush(): Promise<void> {
    const provider = (trace.getTracerProvider() as ProxyTracerProvider).getDelegate();
    const spans = (provider as Partial<TracerProvider>).forceFlush?.();
    await Promise.allSettled([spans, ...this.#readers.map((reader) => reader.forceFlush())]);
  }

  async stop(signal: AbortSignal): Promise<void> {
    if (this.#isStopped) return;
    this.#isStopped = true;
    const late = new Promise<void>((resolve) => {
      this.#options.timers.after(stopMaxMs, resolve);
      if (signal.aborted) resolve();
      signal.addEventListener("abort", () => resolve(), { once: true });
    });
    await Promise.race([this.#sdk.shutdown().catch((error: unknown) => this.#failed(error)), late]);
  }

  #producer(temporality: AggregationTemporality, startedAtMs: number): MetricProducer {
    const { registry, clock, version } = this.#options;
    const deltas = temporality === AggregationTemporality.DELTA ? new Deltas() : undefined;
    const start = hrTime(startedAtMs);
    return {
      collect: async () => {
        const period = { start, end: hrTime(clock.now()) };
        const all = resourceMetrics(
          registry.families(),
          defaultResource(),
          { name: scopeName, version },
          period,
        );
        const scopeMetrics = all.scopeMetrics.map(({ scope, metrics }) => ({
          scope,
          metrics: deltas === undefined ? metrics : deltas.of(metrics),
        }));
        return { resourceMetrics: { ...all, scopeMetrics }, errors: [] };
      },
    };
  }

  #failed(error: unknown): void {
    const { logger, clock } = this.#options;
    if (!this.failing)
      logger.warn("collector rejects telemetry, dropping it: check the OTEL_EXPORTER_* variables", { error });
    this.#failedAtMs = clock.now();
  }
}

/** A span of the SDK that has not ended. */
class LiveSpan implements Span {
  readonly context: TraceContext;
  readonly #span: SdkSpan;
  readonly #instants: Instants;

  constructor(span: SdkSpan, instants: Instants) {
    this.#span = span;
    this.#instants = instants;
    const { traceId, spanId, traceFlags } = span.spanContext();
    this.context = { traceId, spanId, sampled: (traceFlags & TraceFlags.SAMPLED) !== 0 };
  }

  set(attributes: SpanAttributes): void {
    if (this.#span.isRecording()) this.#span.setAttributes(printableAttributes(attributes));
  }

  end(error?: unknown): void {
    if (!this.#span.isRecording()) return;
    if (error !== undefined) {
      const { code, type, message } = errorRecord(error);
      this.#span.setAttribute("error.type", String(code ?? type));
      this.#span.setStatus({ code: SpanStatusCode.ERROR, message });
    }
    this.#span.end(hrTime(this.#instants.instantMs()));
  }
}

/** Generates random ids, or returns the given ids of an ended span. */
class PresetIds implements IdGenerator {
  readonly #random = new RandomIdGenerator();
  next: TraceContext | undefined;

  generateTraceId = (): string => this.next?.traceId ?? this.#random.generateTraceId();
  generateSpanId = (): string => this.next?.spanId ?? this.#random.generateSpanId();
}

/** Samples the share `tracing.sampleRatio`, which can change at runtime. */
class RatioSampler implements Sampler {
  #sampler: Sampler;

  constructor(ratio: number) {
    this.#sampler = new TraceIdRatioBasedSampler(ratio);
  }

  set ratio(ratio: number) {
    this.#sampler = new TraceIdRatioBasedSampler(ratio);
  }

  shouldSample(...parameters: Parameters<Sampler["shouldSample"]>): ReturnType<Sampler["shouldSample"]> {
    return this.#sampler.shouldSample(...parameters);
  }

  toString(): string {
    return this.#sampler.toString();
  }
}

function below(parent: TraceContext | undefined): Context {
  if (parent === undefined) return ROOT_CONTEXT;
  return trace.setSpanContext(ROOT_CONTEXT, { ...spanContextOf(parent), isRemote: true });
}

function diagLogger(logger: Logger) {
  const logAt = (level: "debug" | "info" | "warn" | "error") => (message: string) =>
    logger[level]("OpenTelemetry reports", { message });
  const [debug, info, warn, error] = [logAt("debug"), logAt("info"), logAt("warn"), logAt("error")];
  return { verbose: debug, debug, info, warn, error };
}
