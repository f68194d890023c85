/** The place of a span in a distributed trace, as in W3C trace context. Ids are lower-case hex. */
export interface TraceContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
}

/** Headers of a request, with names in lower case. */
export type TraceHeaders = Readonly<Record<string, string | readonly string[] | undefined>>;

export type SpanKind = "server" | "client" | "internal" | "producer" | "consumer";
export type SpanAttributes = Readonly<Record<string, SpanValue>>;
export type SpanValue = string | number | boolean | readonly string[];

export interface SpanDescription {
  readonly name: string;
  readonly kind: SpanKind;
  readonly parent?: TraceContext | undefined;
  readonly attributes?: SpanAttributes;
}

export interface Span {
  readonly context: TraceContext;
  set(attributes: SpanAttributes): void;
  /** Ends the span. With an error it is marked as failed. */
  end(error?: unknown): void;
}

/** A span that is over: its reporter knows its id, and when it was. */
export interface PastSpan extends SpanDescription {
  readonly context: TraceContext;
  /** Since the epoch. */
  readonly startMs: number;
  readonly endMs: number;
  /** What else it has to do with, other than by being part of it. */
  readonly links?: readonly TraceContext[];
  readonly error?: unknown;
}

/** Makes spans. Without an exporter it still makes and hands on ids, so that logs can be joined. */
export interface Tracer {
  start(description: SpanDescription): Span;
  /** Whether spans go anywhere. */
  readonly isRecording: boolean;
  /** Tells of a span that is over. One of a trace that is not recorded goes nowhere. */
  record(span: PastSpan): void;
  /** Returns the place in a trace that headers of a request name. Undefined where they name none. */
  extract(headers: TraceHeaders): TraceContext | undefined;
}
