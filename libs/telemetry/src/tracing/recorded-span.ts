/** Spans that are recorded, and their form after their end. */
import {
  isSecretKey,
  type PastSpan,
  redacted,
  redactText,
  type Span,
  type SpanAttributes,
  type SpanDescription,
  type SpanKind,
  type SpanValue,
  type TraceContext,
  type TraceHeaders,
} from "@tutti/kernel";
import { errorRecord, type LoggedError } from "../logging/error-record.ts";

/** A span that has ended, ready to be exported. */
export interface FinishedSpan {
  readonly name: string;
  readonly kind: SpanKind;
  readonly context: TraceContext;
  readonly parent: TraceContext | undefined;
  /** Since the epoch, with fractions of a millisecond. */
  readonly startMs: number;
  readonly endMs: number;
  readonly attributes: SpanAttributes;
  readonly links: readonly TraceContext[];
  readonly error: LoggedError | undefined;
}

/** Receives finished spans without delay. Never throws. */
export interface SpanSink {
  accept(span: FinishedSpan): void;
  /** Creates spans itself, and decides which traces are recorded. */
  start?(description: SpanDescription): Span;
  /** Reads the trace context from headers. */
  extract?(headers: TraceHeaders): TraceContext | undefined;
}

/** The wall clock with the monotonic clock's fractions. */
export interface Instants {
  instantMs(): number;
}

const attributesMax = 128;
const linksMax = 128;
const textMax = 1024;

export class RecordedSpan implements Span {
  readonly context: TraceContext;
  readonly #description: SpanDescription;
  readonly #sink: SpanSink;
  readonly #instants: Instants;
  readonly #startMs: number;
  readonly #attributes = new Map<string, SpanValue>();
  #ended = false;

  constructor(description: SpanDescription, context: TraceContext, sink: SpanSink, instants: Instants) {
    this.context = context;
    this.#description = description;
    this.#sink = sink;
    this.#instants = instants;
    this.#startMs = instants.instantMs();
    if (description.attributes !== undefined) this.set(description.attributes);
  }

  set(attributes: SpanAttributes): void {
    if (!this.#ended) copyAttributes(attributes, this.#attributes);
  }

  end(error?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    const { name, kind, parent } = this.#description;
    this.#sink.accept({
      name,
      kind,
      parent,
      context: this.context,
      startMs: this.#startMs,
      endMs: Math.max(this.#startMs, this.#instants.instantMs()),
      attributes: Object.fromEntries(this.#attributes),
      links: [],
      error: error === undefined ? undefined : errorRecord(error),
    });
  }
}

/** Converts a span that ended before it was reported. */
export function finishedSpan({
  attributes = {},
  links = [],
  error,
  parent,
  ...span
}: PastSpan): FinishedSpan {
  const copied = new Map<string, SpanValue>();
  copyAttributes(attributes, copied);
  return {
    name: span.name,
    kind: span.kind,
    context: span.context,
    parent,
    startMs: span.startMs,
    endMs: Math.max(span.startMs, span.endMs),
    attributes: Object.fromEntries(copied),
    links: links.slice(0, linksMax),
    error: error === undefined ? undefined : errorRecord(error),
  };
}

export function printableAttributes(
  attributes: SpanAttributes,
): Record<string, string | number | boolean | string[]> {
  return Object.fromEntries(
    Object.entries(attributes).map(([key, value]) => {
      const printable = printableAttribute(key, value);
      return [key, typeof printable === "object" ? [...printable] : printable];
    }),
  );
}

function copyAttributes(attributes: SpanAttributes, into: Map<string, SpanValue>): void {
  for (const [key, value] of Object.entries(attributes)) {
    if (into.size >= attributesMax && !into.has(key)) return;
    into.set(key, printableAttribute(key, value));
  }
}

function printableAttribute(key: string, value: SpanValue): SpanValue {
  if (Array.isArray(value)) return value.map((each: string) => printableText(key, each));
  return typeof value === "string" ? printableText(key, value) : value;
}

function printableText(key: string, value: string): string {
  return isSecretKey(key)
    ? redacted
    : redactText(value.length > textMax ? `${value.slice(0, textMax)}…` : value);
}
