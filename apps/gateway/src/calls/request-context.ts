/**
 * A request as the call that is made for it: on whose behalf, until when, as part of which trace.
 *
 * 1. It is cancelled when its caller goes away, and when its time is over.
 * 2. Its trace continues from the caller's, and the answer names it.
 */
import type { IncomingMessage, ServerResponse } from "node:http";
import { type CallContext, type Foundation, formatTraceparent, type Span } from "@tutti/kernel";
import type { Caller } from "../access/access.ts";
import { whenClosed } from "../access/edge.ts";
import { gatewayErrors } from "../errors.ts";

export interface RequestContextParts {
  readonly foundation: Pick<Foundation, "clock" | "tracer" | "logger">;
  readonly caller: Caller;
  /** Path of the route, with its parameters by name: `/v1/runs/{id}`. */
  readonly route: string;
  readonly request: IncomingMessage;
  readonly response: ServerResponse;
  readonly query: URLSearchParams;
  /** Timeout of a request that sets none. */
  readonly callMs: number;
  /** Aborted when the process is about to stop: waiting callers retry later. */
  readonly stopping: AbortSignal;
  /** Whether the timeout of a request limits only its wait, and not its calls. */
  readonly isWaitOnly?: boolean;
}

/** The caller of calls: a request, or a service that has none. */
export type CallsFor = CallContext & Pick<RequestContext, "atLeast" | "stopping">;

const timeoutMaxMs = 3_600_000;
const timeoutParameter = "requestTimeoutMs";

export class RequestContext implements CallContext {
  readonly principal: CallContext["principal"];
  readonly namespace = "default";
  readonly deadlineMs: number;
  readonly idempotencyKey: string;
  readonly logger: CallContext["logger"];
  /** The timeout of the call, if the caller set one. */
  readonly timeoutMs: number | undefined;
  /** By the monotonic clock, when its caller no longer wants to wait. */
  readonly waitUntilMs: number;
  readonly stopping: AbortSignal;
  readonly #span: Span;
  readonly #over = new AbortController();

  constructor({
    foundation,
    caller,
    route,
    request,
    response,
    query,
    callMs,
    stopping,
    isWaitOnly,
  }: RequestContextParts) {
    const { clock, tracer, logger } = foundation;
    const { "idempotency-key": key } = request.headers;
    this.principal = caller.principal;
    const statedMs = timeoutIn(request.headers["request-timeout"], query);
    this.waitUntilMs = statedMs === undefined ? Number.POSITIVE_INFINITY : clock.monotonic() + statedMs;
    this.timeoutMs = isWaitOnly === true ? undefined : statedMs;
    this.deadlineMs =
      this.timeoutMs === undefined ? Number.POSITIVE_INFINITY : clock.monotonic() + this.timeoutMs;
    this.idempotencyKey = typeof key === "string" ? key : "";
    this.logger = logger;
    this.stopping = stopping;
    const parent = tracer.extract(request.headers);
    const { method = "GET" } = request;
    const attributes = { "http.request.method": method, "http.route": route };
    this.#span = tracer.start({ name: `${method} ${route}`, kind: "server", parent, attributes });
    response.setHeader("traceparent", formatTraceparent(this.#span.context));
    this.callMs = this.timeoutMs ?? callMs;
    // Also fires after an answer. Then no listener is left, and an abort would only cost time.
    whenClosed(response, () => {
      if (!response.writableFinished) this.#over.abort();
    });
  }

  /** Time for the call itself. */
  readonly callMs: number;

  get signal(): AbortSignal {
    return this.#over.signal;
  }

  get trace(): CallContext["trace"] {
    return this.#span.context;
  }

  /** Returns the timeout of a call that waits: the wait is part of it. */
  atLeast(waitMs: number): number {
    return this.timeoutMs ?? Math.max(this.callMs, waitMs + 15_000);
  }

  end(error?: unknown): void {
    this.#span.end(error);
  }
}

/** Returns the timeout of a request, and removes it from the query. */
function timeoutIn(
  header: string | readonly string[] | undefined,
  query: URLSearchParams,
): number | undefined {
  const requested = query.get(timeoutParameter);
  query.delete(timeoutParameter);
  const text = requested ?? (typeof header === "string" ? header : undefined);
  if (text === undefined) return undefined;
  const ms = /^\d+(\.\d+)?$/.test(text) ? Number(text) * (requested === null ? 1000 : 1) : 0;
  if (ms < 1 || ms > timeoutMaxMs) throw gatewayErrors.timeoutInvalid({ found: text });
  return ms;
}
