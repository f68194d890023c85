/**
 * The readers that `OTEL_METRICS_EXPORTER` names, over our registry. Readers that OpenTelemetry's SDK creates by itself
 * know only the SDK's own instruments.
 */
import { diag } from "@opentelemetry/api";
import { getNumberFromEnv, getStringFromEnv, getStringListFromEnv } from "@opentelemetry/core";
import { OTLPMetricExporter as GrpcExporter } from "@opentelemetry/exporter-metrics-otlp-grpc";
import { OTLPMetricExporter as JsonExporter } from "@opentelemetry/exporter-metrics-otlp-http";
import { OTLPMetricExporter as ProtobufExporter } from "@opentelemetry/exporter-metrics-otlp-proto";
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import {
  AggregationTemporality,
  ConsoleMetricExporter,
  InstrumentType,
  type MetricProducer,
  type MetricReader,
  PeriodicExportingMetricReader,
  type PushMetricExporter,
} from "@opentelemetry/sdk-metrics";

/** The address and the headers of a collector that `tracing.otlpEndpoint` names, for one signal. */
export type Collector = (path: string) => {
  readonly url: string;
  readonly headers: () => Promise<Record<string, string>>;
};

/** Creates the producer for a reader. Each producer counts its own deltas. */
export type ProducerOf = (temporality: AggregationTemporality) => MetricProducer;

const timeoutDefaultMs = 30_000;

export function metricReaders(
  producerOf: ProducerOf,
  intervalDefaultMs: number,
  collector: Collector | undefined,
): MetricReader[] {
  const listed = new Set(getStringListFromEnv("OTEL_METRICS_EXPORTER") ?? []);
  const names = listed.size === 0 ? ["otlp"] : [...listed];
  if (names.includes("none")) return [];
  return names.flatMap((name) => {
    if (name === "otlp") return [periodic(otlpExporter(collector), producerOf, intervalDefaultMs)];
    if (name === "console") return [periodic(new ConsoleMetricExporter(), producerOf, intervalDefaultMs)];
    if (name === "prometheus") return [prometheus(producerOf)];
    diag.warn(
      `OTEL_METRICS_EXPORTER: expected otlp, console, prometheus or none, got "${name}". It is ignored`,
    );
    return [];
  });
}

function otlpExporter(collector: Collector | undefined): PushMetricExporter {
  const protocol =
    getStringFromEnv("OTEL_EXPORTER_OTLP_METRICS_PROTOCOL") ??
    getStringFromEnv("OTEL_EXPORTER_OTLP_PROTOCOL") ??
    "http/protobuf";
  if (collector !== undefined) return new ProtobufExporter(collector("v1/metrics"));
  switch (protocol.trim()) {
    case "grpc":
      return new GrpcExporter();
    case "http/json":
      return new JsonExporter();
    case "http/protobuf":
      break;
    default:
      diag.warn(`OTLP protocol: expected grpc, http/protobuf or http/json, got "${protocol}"`);
  }
  return new ProtobufExporter();
}

function periodic(
  exporter: PushMetricExporter,
  producerOf: ProducerOf,
  intervalDefaultMs: number,
): MetricReader {
  const exportIntervalMillis = positive("OTEL_METRIC_EXPORT_INTERVAL") ?? intervalDefaultMs;
  const timeoutMs = positive("OTEL_METRIC_EXPORT_TIMEOUT") ?? timeoutDefaultMs;
  const temporality =
    exporter.selectAggregationTemporality?.(InstrumentType.COUNTER) ?? AggregationTemporality.CUMULATIVE;
  return new PeriodicExportingMetricReader({
    exporter,
    exportIntervalMillis,
    exportTimeoutMillis: Math.min(timeoutMs, exportIntervalMillis),
    metricProducers: [producerOf(temporality)],
  });
}

function prometheus(producerOf: ProducerOf): MetricReader {
  const host = getStringFromEnv("OTEL_EXPORTER_PROMETHEUS_HOST");
  const port = getNumberFromEnv("OTEL_EXPORTER_PROMETHEUS_PORT");
  return new PrometheusExporter({
    ...(host !== undefined && { host }),
    ...(port !== undefined && { port }),
    metricProducers: [producerOf(AggregationTemporality.CUMULATIVE)],
  });
}

function positive(name: string): number | undefined {
  const value = getNumberFromEnv(name);
  if (value === undefined || value > 0) return value;
  diag.warn(`${name}: expected a number greater than 0, got ${value}. The default is used`);
  return undefined;
}
