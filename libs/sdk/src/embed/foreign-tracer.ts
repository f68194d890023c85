/**
 * The OpenTelemetry of an application as the tracer of its worker and client.
 *
 * 1. A call is a child of the span that is active in the application.
 * 2. A task is a child of the call that started its run. Spans of its handler are children of the task.
 * 3. If the application has no OpenTelemetry SDK, the trace of a request is passed on without spans.
 */
import {
  type Chance,
  plainTracer,
  reasonOf,
  type SpanKind,
  type TraceContext,
  type Tracer,
} from "@tutti/kernel";
import type { Users } from "./users.ts";

/** The part of a span of OpenTelemetry that is used. */
export interface ForeignSpan {
  spanContext(): { readonly traceId: string; readonly spanId: string; readonly traceFlags: number };
  setAttributes(attributes: never): unknown;
  setStatus(status: { readonly code: number; readonly message?: string }): unknown;
  recordException(error: never): unknown;
  end(): void;
}

/** The part of `@opentelemetry/api` that is used: `openTelemetry: await import("@opentelemetry/api")`. */
export interface OpenTelemetryApi {
  readonly trace: {
    getTracer(name: string): { startSpan(name: string, options?: never, context?: never): ForeignSpan };
    setSpan(context: never, span: never): unknown;
    setSpanContext(context: never, spanContext: never): unknown;
    getSpanContext(context: never): { readonly traceId: string } | undefined;
  };
  readonly context: {
    active(): unknown;
    with(context: never, work: () => unknown): unknown;
  };
}

/** The numbers of `SpanKind`. */
const kinds: Readonly<Record<SpanKind, number>> = {
  internal: 0,
  server: 1,
  client: 2,
  producer: 3,
  consumer: 4,
};
const failedStatus = 2;
const noTrace = "0".repeat(32);

export class ForeignTracer {
  readonly #api: OpenTelemetryApi | undefined;
  readonly #plain: Tracer;
  readonly #users: Users;
  readonly tracer: Tracer;

  constructor(api: OpenTelemetryApi | undefined, users: Users, chance: Chance) {
    this.#api = api;
    this.#plain = plainTracer(chance);
    this.#users = users;
    this.tracer = {
      ...this.#plain,
      start: (description) => {
        const span = this.#started(description.name, description.kind, {
          parent: description.parent,
          attributes: description.attributes,
        });
        if (span === undefined)
          return this.#plain.start({ ...description, parent: description.parent ?? this.#users.trace });
        return {
          context: placeOf(span),
          set: (attributes) => span.setAttributes(attributes as never),
          end: (error) => end(span, error),
        };
      },
    };
  }

  /** Returns the trace context in the headers of a request. */
  traceOf(headers: Parameters<Tracer["extract"]>[0]): TraceContext | undefined {
    return this.#plain.extract(headers);
  }

  /** Runs a handler within the span of its task. */
  async aroundTask<T>(
    capability: string,
    parent: TraceContext | undefined,
    work: () => Promise<T> | T,
  ): Promise<T> {
    const span = this.#started(`task ${capability}`, "consumer", {
      parent,
      attributes: { "tutti.capability": capability },
    });
    if (span === undefined || this.#api === undefined) return await work();
    const { trace, context } = this.#api;
    try {
      const within = trace.setSpan(context.active() as never, span as never);
      const output = (await context.with(within as never, work)) as T;
      end(span, undefined);
      return output;
    } catch (error) {
      end(span, error);
      throw error;
    }
  }

  #started(
    name: string,
    kind: SpanKind,
    { parent, attributes }: { readonly parent: TraceContext | undefined; readonly attributes: unknown },
  ): ForeignSpan | undefined {
    if (this.#api === undefined) return undefined;
    const { trace, context } = this.#api;
    const active = context.active() as never;
    // The active span of the application takes precedence over the header of the request.
    const remote = parent ?? (trace.getSpanContext(active) === undefined ? this.#users.trace : undefined);
    const options = { kind: kinds[kind], ...(attributes !== undefined && { attributes }) };
    const within =
      remote === undefined ? active : trace.setSpanContext(active, spanContextOf(remote) as never);
    const span = trace.getTracer("tutti").startSpan(name, options as never, within as never);
    return span.spanContext().traceId === noTrace ? undefined : span;
  }
}

function spanContextOf({ traceId, spanId, sampled }: TraceContext) {
  return { traceId, spanId, traceFlags: sampled ? 1 : 0, isRemote: true };
}

function placeOf(span: ForeignSpan): TraceContext {
  const { traceId, spanId, traceFlags } = span.spanContext();
  return { traceId, spanId, sampled: (traceFlags & 1) === 1 };
}

function end(span: ForeignSpan, error: unknown): void {
  if (error !== undefined) {
    span.recordException(error as never);
    span.setStatus({ code: failedStatus, message: reasonOf(error) });
  }
  span.end();
}
