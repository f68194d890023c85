import type { CallContext, Logger, Principal, Span, TraceContext, TuttiError } from "@tutti/kernel";
import type { Bucket, Expiring } from "../calls/deadlines.ts";
import type { Method } from "../calls/method.ts";
import { late, type Stoppable } from "../calls/stopping.ts";
import type { Intercepted } from "../interceptors/chain.ts";

/** The caller's part of a call, over any transport. */
export interface Incoming {
  /** `outside`: from a program in this process that is treated like another process. */
  readonly transport: "in-process" | "outside" | "grpc";
  /** The principal according to the caller. The identity interceptor decides whether to trust it. */
  readonly presented: Principal | undefined;
  /** Its key or token: the part after `Bearer`. Empty if there is none. Never logged. */
  readonly credential: string;
  readonly namespace: string;
  readonly deadlineMs: number;
  readonly parent: TraceContext | undefined;
  readonly idempotencyKey: string;
  /** The called service, if the contract's own area does not host it. Otherwise empty. */
  readonly hosted: string;
  /** For a keyed call: the epoch under which the caller believes this process to be the owner. Otherwise 0. */
  readonly ownerEpoch: number;
  /** Returns the identity in the certificate of the other end. Undefined without TLS or in-process. */
  readonly peer: (() => string | undefined) | undefined;
  /** Returns the address of the other end, without its port. Undefined in-process. */
  readonly address: (() => string) | undefined;
}

/** A call for its handler. Signal and logger are created on first use: most calls need neither. */
export class ServerCall implements CallContext, Intercepted, Expiring, Stoppable {
  readonly method: Method;
  readonly incoming: Incoming;
  readonly startedMs: number;
  principal: Principal;
  namespace: string;
  deadlineMs: number;
  trace: TraceContext;
  readonly parentTrace: TraceContext | undefined;
  readonly idempotencyKey: string;
  readonly ownerEpoch: number;

  // State of the interceptors.
  startedCount = 0;
  span: Span | undefined = undefined;
  /** Called when it ends, if it counts against a limit. */
  uncount: (() => void) | undefined = undefined;
  namespaceKnown = false;
  /** Size of the last request on the wire. 0 in-process. */
  requestBytes = 0;
  /** The admitted request, until the handler has it. Undefined if nothing changed it. */
  changedRequest: unknown = undefined;
  bucket: Bucket | undefined = undefined;
  previous: Expiring | undefined = undefined;
  next: Expiring | undefined = undefined;

  /** Called once if the call ends before its handler does, so that the transport can answer at once. */
  onStopped: ((reason: TuttiError) => void) | undefined = undefined;

  readonly #baseLogger: Logger;
  #logger: Logger | undefined = undefined;
  #controller: AbortController | undefined = undefined;
  #children: Set<Stoppable> | undefined = undefined;
  #stopped: TuttiError | undefined = undefined;
  #ended = false;

  constructor(method: Method, incoming: Incoming, fallback: ServerCallDefaults, nowMs: number) {
    this.method = method;
    this.incoming = incoming;
    this.startedMs = nowMs;
    this.principal = fallback.principal;
    this.namespace = incoming.namespace;
    this.deadlineMs = incoming.deadlineMs;
    this.parentTrace = incoming.parent;
    this.trace = incoming.parent ?? fallback.trace;
    this.idempotencyKey = incoming.idempotencyKey;
    this.ownerEpoch = incoming.ownerEpoch;
    this.#baseLogger = fallback.logger;
  }

  /** Why the call ended before its handler did. Undefined while it is active. */
  get stopped(): TuttiError | undefined {
    return this.#stopped;
  }

  /** Whether the handler has ended, or is no longer awaited. */
  get over(): boolean {
    return this.#ended || this.#stopped !== undefined;
  }

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController();
      if (this.#stopped !== undefined) this.#controller.abort(this.#stopped);
    }
    return this.#controller.signal;
  }

  get logger(): Logger {
    this.#logger ??= this.#baseLogger.child({
      traceId: this.trace.traceId,
      spanId: this.trace.spanId,
      rpc: this.method.label,
      namespace: this.namespace,
    });
    return this.#logger;
  }

  /** Notifies the handler, and all calls that it made as part of this one, that the caller has gone. */
  stop(reason: TuttiError): void {
    if (this.over) return;
    this.#stopped = reason;
    this.#controller?.abort(reason);
    for (const child of this.#children ?? []) child.stop(reason);
    this.onStopped?.(reason);
  }

  expire(): void {
    this.stop(late(this.method));
  }

  /** The handler has ended. Nothing is stopped any more. */
  finish(): void {
    this.#ended = true;
  }

  /** Adds a call made as part of this one. */
  adopt(child: Stoppable): void {
    if (this.#stopped !== undefined) {
      child.stop(this.#stopped);
      return;
    }
    this.#children ??= new Set();
    this.#children.add(child);
  }

  release(child: Stoppable): void {
    this.#children?.delete(child);
  }
}

export interface ServerCallDefaults {
  readonly principal: Principal;
  readonly trace: TraceContext;
  readonly logger: Logger;
}
