/** Reads OTLP requests by the field numbers of opentelemetry-proto. */
import {
  doubleAt,
  hexAt,
  messagesAt,
  numberAt,
  packedDoubles,
  packedFixed64,
  readFields,
  textAt,
} from "../otlp/protobuf-reader.ts";

export type OtlpAttributes = Readonly<Record<string, string | number | boolean>>;

export interface ReceivedSpan {
  readonly name: string;
  readonly kind: "internal" | "server" | "client" | "producer" | "consumer";
  readonly traceId: string;
  readonly spanId: string;
  /** Empty for the first span of a trace. */
  readonly parentSpanId: string;
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: OtlpAttributes;
  /** Ids of linked spans. */
  readonly links: readonly string[];
  readonly status: "unset" | "ok" | "error";
  readonly statusMessage: string;
  readonly resource: OtlpAttributes;
}

export interface ReceivedPoint {
  readonly attributes: OtlpAttributes;
  /** Only for a counter or gauge. */
  readonly value: number;
  /** Only for a histogram. */
  readonly count: number;
  readonly sum: number;
  readonly bucketCounts: readonly number[];
  readonly bounds: readonly number[];
}

export interface ReceivedMetric {
  readonly name: string;
  readonly description: string;
  readonly unit: string;
  readonly kind: "gauge" | "sum" | "histogram";
  readonly monotonic: boolean;
  readonly cumulative: boolean;
  readonly points: readonly ReceivedPoint[];
}

const spanKinds = ["internal", "internal", "server", "client", "producer", "consumer"] as const;
const statuses = ["unset", "ok", "error"] as const;
const cumulativeTemporality = 2;

/** Returns the spans of an ExportTraceServiceRequest. */
export function spansOf(request: Uint8Array): readonly ReceivedSpan[] {
  return messagesAt(request, 1).flatMap((resourceSpans) => {
    const resource = attributesOf(messagesAt(resourceSpans, 1)[0] ?? new Uint8Array(), 1);
    const spans = messagesAt(resourceSpans, 2).flatMap((scopeSpans) => messagesAt(scopeSpans, 2));
    return spans.map((span) => spanOf(span, resource));
  });
}

/** Returns the metrics of an ExportMetricsServiceRequest. */
export function metricsOf(request: Uint8Array): readonly ReceivedMetric[] {
  const scopes = messagesAt(request, 1).flatMap((resourceMetrics) => messagesAt(resourceMetrics, 2));
  return scopes.flatMap((scopeMetrics) => messagesAt(scopeMetrics, 2)).map(metricOf);
}

function spanOf(span: Uint8Array, resource: OtlpAttributes): ReceivedSpan {
  const status = messagesAt(span, 15)[0] ?? new Uint8Array();
  return {
    name: textAt(span, 5),
    kind: spanKinds[numberAt(span, 6)] ?? "internal",
    traceId: hexAt(span, 1),
    spanId: hexAt(span, 2),
    parentSpanId: hexAt(span, 4),
    startMs: numberAt(span, 7) / 1e6,
    endMs: numberAt(span, 8) / 1e6,
    attributes: attributesOf(span, 9),
    links: messagesAt(span, 13).map((link) => hexAt(link, 2)),
    status: statuses[numberAt(status, 3)] ?? "unset",
    statusMessage: textAt(status, 2),
    resource,
  };
}

function metricOf(metric: Uint8Array): ReceivedMetric {
  const [gauge] = messagesAt(metric, 5);
  const [sum] = messagesAt(metric, 7);
  const [histogram] = messagesAt(metric, 9);
  const data = gauge ?? sum ?? histogram ?? new Uint8Array();
  return {
    name: textAt(metric, 1),
    description: textAt(metric, 2),
    unit: textAt(metric, 3),
    kind: gauge !== undefined ? "gauge" : sum !== undefined ? "sum" : "histogram",
    monotonic: sum !== undefined && numberAt(sum, 3) === 1,
    cumulative: gauge === undefined && numberAt(data, 2) === cumulativeTemporality,
    points: messagesAt(data, 1).map((point) => pointOf(point, histogram !== undefined)),
  };
}

function pointOf(point: Uint8Array, isHistogram: boolean): ReceivedPoint {
  if (!isHistogram) {
    const value = doubleAt(point, 4) || numberAt(point, 6);
    return { attributes: attributesOf(point, 7), value, count: 0, sum: 0, bucketCounts: [], bounds: [] };
  }
  return {
    attributes: attributesOf(point, 9),
    value: 0,
    count: numberAt(point, 4),
    sum: doubleAt(point, 5),
    bucketCounts: packedFixed64(messagesAt(point, 6)[0] ?? new Uint8Array()),
    bounds: packedDoubles(messagesAt(point, 7)[0] ?? new Uint8Array()),
  };
}

function attributesOf(message: Uint8Array, number: number): OtlpAttributes {
  const pairs = messagesAt(message, number).map(
    (pair) => [textAt(pair, 1), attributeValue(messagesAt(pair, 2)[0])] as const,
  );
  return Object.fromEntries(pairs);
}

function attributeValue(anyValue: Uint8Array | undefined): string | number | boolean {
  const field = anyValue === undefined ? undefined : readFields(anyValue)[0];
  if (field === undefined || anyValue === undefined) return "";
  if (field.number === 1) return textAt(anyValue, 1);
  if (field.number === 5) {
    const [list = new Uint8Array()] = messagesAt(anyValue, 5);
    return messagesAt(list, 1).map(attributeValue).join();
  }
  if (field.number === 2) return numberAt(anyValue, 2) === 1;
  return field.number === 4 ? doubleAt(anyValue, 4) : numberAt(anyValue, 3);
}
