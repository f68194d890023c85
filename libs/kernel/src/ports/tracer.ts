/** The position of a span in a distributed trace, as in W3C trace context. Ids are lower-case hex. */
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

/** A span that has ended: its reporter knows its id and its times. */
export interface PastSpan extends SpanDescription {
  readonly context: TraceContext;
  /** Since the epoch. */
  readonly startMs: number;
  readonly endMs: number;
  /** Related contexts that are not its parent. */
  readonly links?: readonly TraceContext[];
  readonly error?: unknown;
}

/** Creates spans. Without an exporter it still creates and passes on ids, so that logs can be joined. */
export interface Tracer {
  start(description: SpanDescription): Span;
  /** Whether spans are exported. */
  readonly isRecording: boolean;
  /** Records a span that has ended. A span of a trace that is not recorded is dropped. */
  record(span: PastSpan): void;
  /** Returns the trace context of headers. Undefined if they have none. */
  extract(headers: TraceHeaders): TraceContext | undefined;
}
