import type { TraceContext } from "@tutti/kernel";

/** Returns the W3C header of a trace context. */
export function traceparentOf(trace: TraceContext): string {
  return `00-${trace.traceId}-${trace.spanId}-${trace.sampled ? "01" : "00"}`;
}

const form = /^(?!ff)[0-9a-f]{2}-(?!0{32})([0-9a-f]{32})-(?!0{16})([0-9a-f]{16})-([0-9a-f]{2})(-.*)?$/;

/** Returns the trace context of a header. Undefined if it is absent or malformed, so that a new trace starts. */
export function traceOf(traceparent: string | undefined): TraceContext | undefined {
  const match = traceparent === undefined ? null : form.exec(traceparent);
  const [, traceId, spanId, flags] = match ?? [];
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 };
}
