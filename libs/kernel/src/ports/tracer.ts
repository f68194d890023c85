/** The place of a span in a distributed trace, as in W3C trace context. Ids are lower-case hex. */
export interface TraceContext {
  readonly traceId: string;
  readonly spanId: string;
  readonly sampled: boolean;
}

export type SpanKind = "server" | "client" | "internal" | "producer" | "consumer";
export type SpanAttributes = Readonly<Record<string, string | number | boolean>>;

export interface SpanDescription {
  readonly name: string;
  readonly kind: SpanKind;
  readonly parent?: TraceContext | undefined;
  readonly attributes?: SpanAttributes;
}

export interface Span {
  readonly context: TraceContext;
  set(attributes: SpanAttributes): void;
  /** Ends the span; with an error it is marked as failed. */
  end(error?: unknown): void;
}

/** Makes spans. Without an exporter it still makes and hands on ids, so that logs can be joined. */
export interface Tracer {
  start(description: SpanDescription): Span;
}
