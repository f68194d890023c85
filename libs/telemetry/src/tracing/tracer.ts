/**
 * Creates spans. Without a sink, spans only have ids for the logs.
 *
 * 1. The first span of a trace decides whether the trace is recorded. All later spans follow its flag.
 * 2. Without an exporter, the context of a trace that an earlier process records is passed on unchanged. So the tree of
 *    the trace has no gap at this process.
 */
import {
  type Chance,
  type Clock,
  type PastSpan,
  type Span,
  type SpanDescription,
  type TraceContext,
  type TraceHeaders,
  TraceIdentifiers,
  type Tracer,
  tracedBy,
  UnrecordedSpan,
} from "@tutti/kernel";
import { finishedSpan, type Instants, RecordedSpan, type SpanSink } from "./recorded-span.ts";

interface TelemetryTracerOptions {
  readonly clock: Clock;
  readonly chance: Chance;
}

/** Maximum difference between the wall clock and the monotonic one. A larger one means that the wall clock was set. */
const driftMaxMs = 50;

export class TelemetryTracer implements Tracer, Instants {
  readonly #clock: Clock;
  readonly #chance: Chance;
  readonly #identifiers: TraceIdentifiers;
  #sink: SpanSink | undefined;
  #sampleRatio = 0;
  #epochMs: number;

  constructor(options: TelemetryTracerOptions) {
    this.#clock = options.clock;
    this.#chance = options.chance;
    this.#identifiers = new TraceIdentifiers(options.chance);
    this.#epochMs = options.clock.now() - options.clock.monotonic();
  }

  /** Records this share of new traces from now on, into `sink`. */
  recordInto(sink: SpanSink, sampleRatio: number): void {
    this.#sink = sink;
    this.#sampleRatio = sampleRatio;
  }

  stopRecording(): void {
    this.#sink = undefined;
  }

  start(description: SpanDescription): Span {
    const { parent } = description;
    const sink = this.#sink;
    if (sink === undefined) {
      return parent?.sampled === true
        ? new PropagatedSpan(parent)
        : new UnrecordedSpan(this.#identifiers, parent);
    }
    if (sink.start !== undefined) return sink.start(description);
    const sampled = parent === undefined ? this.#chance.random() < this.#sampleRatio : parent.sampled;
    if (!sampled) return new UnrecordedSpan(this.#identifiers, parent);
    const context = {
      traceId: parent?.traceId ?? this.#identifiers.traceId(),
      spanId: this.#identifiers.spanId(),
      sampled,
    };
    return new RecordedSpan(description, context, sink, this);
  }

  get isRecording(): boolean {
    return this.#sink !== undefined;
  }

  record(span: PastSpan): void {
    if (span.context.sampled) this.#sink?.accept(finishedSpan(span));
  }

  extract(headers: TraceHeaders): TraceContext | undefined {
    return this.#sink?.extract === undefined ? tracedBy(headers) : this.#sink.extract(headers);
  }

  /** Returns the wall clock's time with fractions, so that a child never seems to end after its parent. */
  instantMs(): number {
    const instantMs = this.#epochMs + this.#clock.monotonic();
    const nowMs = this.#clock.now();
    if (Math.abs(instantMs - nowMs) <= driftMaxMs) return instantMs;
    this.#epochMs += nowMs - instantMs;
    return nowMs;
  }
}

class PropagatedSpan implements Span {
  readonly context: TraceContext;

  constructor(context: TraceContext) {
    this.context = context;
  }

  set(): void {}

  end(): void {}
}
