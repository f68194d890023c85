import { tracedBy } from "../ports/traceparent.ts";
import type { PastSpan, Span, SpanAttributes, SpanDescription, Tracer } from "../ports/tracer.ts";

export interface RecordedSpan extends Span {
  readonly description: SpanDescription;
  readonly attributes: SpanAttributes;
  readonly ended: boolean;
  readonly error: unknown;
}

/** A tracer whose spans a test can read. Ids count up: the first span is `…01` of trace `…01`. */
export interface RecordingTracer extends Tracer {
  readonly spans: readonly RecordedSpan[];
  /** Spans that were recorded after their end. */
  readonly past: readonly PastSpan[];
}

export function recordingTracer(): RecordingTracer {
  const spans: RecordedSpan[] = [];
  const past: PastSpan[] = [];
  let traces = 0;
  return {
    spans,
    past,
    isRecording: true,
    record: (span) => void past.push(span),
    extract: tracedBy,
    start(description) {
      const traceId = description.parent?.traceId ?? hex(++traces, 32);
      const span = {
        description,
        context: { traceId, spanId: hex(spans.length + 1, 16), sampled: description.parent?.sampled ?? true },
        attributes: { ...description.attributes } as SpanAttributes,
        ended: false,
        error: undefined as unknown,
        set(attributes: SpanAttributes) {
          span.attributes = { ...span.attributes, ...attributes };
        },
        end(error?: unknown) {
          if (span.ended) throw new Error(`the span ${description.name} is ended twice`);
          span.ended = true;
          span.error = error;
        },
      };
      spans.push(span);
      return span;
    },
  };
}

function hex(value: number, digits: number): string {
  return value.toString(16).padStart(digits, "0");
}
