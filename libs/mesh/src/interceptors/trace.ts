import type { Span, SpanAttributes, SpanKind, TraceContext, Tracer, TuttiError } from "@tutti/kernel";
import type { Interceptor } from "./chain.ts";

/** State of tracing in a call of either side. */
export interface Traced {
  /** Trace context of the call itself. Until the interceptor has run, that of its parent. */
  trace: TraceContext | undefined;
  readonly parentTrace: TraceContext | undefined;
  span: Span | undefined;
}

/** Returns a span per call on either side, the server's below the client's. */
export function traceInterceptor(tracer: Tracer, kind: SpanKind): Interceptor<Traced> {
  return {
    name: "trace",
    scope: "core",
    run(binding) {
      const { method } = binding;
      const name = `${method.contract}/${method.name}`;
      const attributes: SpanAttributes = Object.freeze({
        "rpc.system": "grpc",
        "rpc.service": method.contract,
        "rpc.method": method.name,
      });
      binding.add({
        before(call) {
          const span = tracer.start({ name, kind, parent: call.parentTrace, attributes });
          call.span = span;
          call.trace = span.context;
          return undefined;
        },
        after(call, error: TuttiError | undefined) {
          call.span?.end(error);
        },
      });
    },
  };
}
