/**
 * The `traceparent` header of W3C trace context, read strictly: a malformed header counts as absent, and a new trace
 * starts.
 */
import type { TraceContext, TraceHeaders } from "./tracer.ts";

const form = /^([\da-f]{2})-([\da-f]{32})-([\da-f]{16})-([\da-f]{2})(-.*)?$/s;
const noTrace = "0".repeat(32);
const noSpan = "0".repeat(16);
const sampledFlag = 1;

/** Returns the trace context of the header. Undefined if the header is missing or malformed. */
export function parseTraceparent(header: string | undefined): TraceContext | undefined {
  const parts = header === undefined ? null : form.exec(header);
  if (parts === null) return undefined;
  const [, version, traceId, spanId, flags, rest] = parts as unknown as readonly [string, ...string[]];
  if (version === undefined || traceId === undefined || spanId === undefined || flags === undefined)
    return undefined;
  // Later versions may append fields, version 0 may not. `ff` is no version.
  if (version === "ff" || (version === "00" && rest !== undefined)) return undefined;
  if (traceId === noTrace || spanId === noSpan) return undefined;
  return { traceId, spanId, sampled: (Number.parseInt(flags, 16) & sampledFlag) === sampledFlag };
}

/** Returns the trace context of a request's headers in W3C's format. */
export function tracedBy({ traceparent }: TraceHeaders): TraceContext | undefined {
  return typeof traceparent === "string" ? parseTraceparent(traceparent) : undefined;
}

export function formatTraceparent(context: TraceContext): string {
  return `00-${context.traceId}-${context.spanId}-${context.sampled ? "01" : "00"}`;
}
