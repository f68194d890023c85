/** Converts our finished spans to the format of OpenTelemetry's exporter. */
import { type Attributes, type HrTime, SpanKind, SpanStatusCode, TraceFlags } from "@opentelemetry/api";
import type { InstrumentationScope } from "@opentelemetry/core";
import type { Resource } from "@opentelemetry/resources";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { type TraceContext, toTimestamp } from "@tutti/kernel";
import type { FinishedSpan } from "../tracing/recorded-span.ts";

const kinds = {
  internal: SpanKind.INTERNAL,
  server: SpanKind.SERVER,
  client: SpanKind.CLIENT,
  producer: SpanKind.PRODUCER,
  consumer: SpanKind.CONSUMER,
} as const;

export function readableSpan(
  span: FinishedSpan,
  resource: Resource,
  instrumentationScope: InstrumentationScope,
): ReadableSpan {
  const { context, parent, error } = span;
  const spanContext = spanContextOf(context);
  return {
    name: span.name,
    kind: spanKindOf(span.kind),
    spanContext: () => spanContext,
    ...(parent !== undefined && { parentSpanContext: spanContextOf(parent) }),
    startTime: hrTime(span.startMs),
    endTime: hrTime(span.endMs),
    duration: hrTime(span.endMs - span.startMs),
    status:
      error === undefined
        ? { code: SpanStatusCode.UNSET }
        : { code: SpanStatusCode.ERROR, message: error.message },
    attributes: attributesOf(span),
    links: span.links.map((context) => ({ context: spanContextOf(context) })),
    events: [],
    ended: true,
    resource,
    instrumentationScope,
    droppedAttributesCount: 0,
    droppedEventsCount: 0,
    droppedLinksCount: 0,
  };
}

export function spanKindOf(kind: keyof typeof kinds): SpanKind {
  return kinds[kind];
}

export function attributesOf({ attributes, error }: FinishedSpan): Attributes {
  return error === undefined ? { ...attributes } : { ...attributes, ...errorAttributes(error) };
}

export function spanContextOf({
  traceId,
  spanId,
  sampled,
}: TraceContext): ReturnType<ReadableSpan["spanContext"]> {
  return { traceId, spanId, traceFlags: sampled ? TraceFlags.SAMPLED : TraceFlags.NONE };
}

function errorAttributes(error: NonNullable<FinishedSpan["error"]>): Attributes {
  return { "error.type": String(error.code ?? error.type) };
}

/** Converts milliseconds to seconds and nanoseconds. */
export function hrTime(ms: number): HrTime {
  const { seconds, nanos } = toTimestamp(ms);
  return [seconds, nanos];
}
