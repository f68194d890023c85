import type { Chance } from "./chance.ts";
import { TraceIdentifiers } from "./trace-identifiers.ts";
import { tracedBy } from "./traceparent.ts";
import type { Span, SpanDescription, Tracer } from "./tracer.ts";
import { UnrecordedSpan } from "./unrecorded-span.ts";

/**
 * Returns a tracer that creates and passes on ids and exports nothing. The ids join the logs of a call if traces are
 * not collected.
 */
export function plainTracer(chance: Chance): Tracer {
  const identifiers = new TraceIdentifiers(chance);
  return {
    start({ parent }: SpanDescription): Span {
      if (parent?.sampled !== true) return new UnrecordedSpan(identifiers, parent);
      const context = { traceId: parent.traceId, spanId: identifiers.spanId(), sampled: true };
      return { context, set() {}, end() {} };
    },
    isRecording: false,
    record() {},
    extract: tracedBy,
  };
}
