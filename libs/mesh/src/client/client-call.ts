import {
  type CallContext,
  localAdministrator,
  type Owner,
  type Place,
  type Principal,
  type Span,
  type Timers,
  type TraceContext,
  type TuttiError,
} from "@tutti/kernel";
import type { Bucket, Expiring } from "../calls/deadlines.ts";
import type { Method } from "../calls/method.ts";
import type { OutgoingCall } from "../calls/outgoing-call.ts";
import { late, type Stoppable } from "../calls/stopping.ts";
import type { Intercepted } from "../interceptors/chain.ts";
import type { Target } from "../routing/target.ts";
import type { Requests } from "./requests.ts";

export interface ClientCallParts {
  readonly method: Method;
  /** The call that makes this one. */
  readonly context: CallContext | undefined;
  readonly trace: TraceContext | undefined;
  readonly namespace: string;
  readonly deadlineMs: number;
  readonly startedMs: number;
  readonly idempotencyKey: string;
  readonly affinity: string;
  readonly instance: string;
  readonly owner?: Owner | undefined;
}

/**
 * A call on its caller's side, over all its attempts. It waits for one thing at a time (an attempt, a pause, changes of
 * instances or owners), and a stop stops that thing.
 */
export class ClientCall implements OutgoingCall, Intercepted, Expiring, Stoppable {
  readonly method: Method;
  readonly context: CallContext | undefined;
  readonly namespace: string;
  readonly deadlineMs: number;
  readonly startedMs: number;
  readonly parentTrace: TraceContext | undefined;
  readonly idempotencyKey: string;
  /** Selects one of several instances that could serve it. Empty for any. */
  readonly affinity: string;
  readonly instance: string;
  readonly owner: Owner | undefined;
  trace: TraceContext | undefined;
  /** The principal of the call. Set by the identity interceptor. */
  principal: Principal = localAdministrator;

  // State of the interceptors.
  startedCount = 0;
  span: Span | undefined = undefined;
  bucket: Bucket | undefined = undefined;
  previous: Expiring | undefined = undefined;
  next: Expiring | undefined = undefined;

  // State of the attempts.
  /** The request, or the `Requests` of a stream. */
  readonly input: unknown;
  target: Target | undefined = undefined;
  /** For a stream: resolves when the target has accepted the call. */
  established: Promise<void> | undefined = undefined;
  attempts = 0;
  /** Instances that did nothing: the next attempt goes elsewhere. */
  avoid: Target[] | undefined = undefined;
  place: Place | undefined = undefined;
  /** Whether the request has the id that its place is computed from. */
  hasId = false;
  ownerEpoch = 0;
  /** Number of redirects to another owner. */
  redirects = 0;
  /** The owner that was named for this call, if the other instance has another name for its place. */
  named: Owner | undefined = undefined;

  #stopped: TuttiError | undefined = undefined;
  #stoppable: Stoppable | undefined = undefined;
  #ended = false;

  constructor(parts: ClientCallParts, input: unknown) {
    this.method = parts.method;
    this.context = parts.context;
    this.namespace = parts.namespace;
    this.deadlineMs = parts.deadlineMs;
    this.startedMs = parts.startedMs;
    this.parentTrace = parts.trace;
    this.trace = this.parentTrace;
    this.idempotencyKey = parts.idempotencyKey;
    this.affinity = parts.affinity;
    this.instance = parts.instance;
    this.owner = parts.owner;
    this.input = input;
  }

  get requests(): Requests {
    return this.input as Requests;
  }

  get stopped(): TuttiError | undefined {
    return this.#stopped;
  }

  setStoppable(stoppable: Stoppable): void {
    if (this.#stopped === undefined) this.#stoppable = stoppable;
    else stoppable.stop(this.#stopped);
  }

  stop(reason: TuttiError): void {
    if (this.#ended || this.#stopped !== undefined) return;
    this.#stopped = reason;
    const stoppable = this.#stoppable;
    this.#stoppable = undefined;
    stoppable?.stop(reason);
  }

  expire(): void {
    this.stop(late(this.method));
  }

  /** The outcome is known. Nothing is stopped any more. */
  finish(): void {
    this.#ended = true;
    this.#stoppable = undefined;
  }

  /** Resolves after the pause. Rejects as soon as the call is stopped. */
  pause(timers: Timers, delayMs: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const timer = timers.after(delayMs, resolve);
      this.setStoppable({
        stop(reason) {
          timer.cancel();
          reject(reason);
        },
      });
    });
  }

  /**
   * Waits for a change. `listen` is called once with a listener, and returns a function that removes it. Resolves with
   * whether there was a change in time. Rejects as soon as the call is stopped.
   */
  change(timers: Timers, timeoutMs: number, listen: (listener: () => void) => () => void): Promise<boolean> {
    return new Promise((resolve, reject) => {
      const finish = (settle: () => void) => {
        timer?.cancel();
        unlisten();
        settle();
      };
      const timer =
        timeoutMs === Number.POSITIVE_INFINITY
          ? undefined
          : timers.after(timeoutMs, () => finish(() => resolve(false)));
      let settled = false;
      let unlisten = () => {
        settled = true;
      };
      const stop = listen(() => finish(() => resolve(true)));
      if (settled) stop();
      else unlisten = stop;
      this.setStoppable({ stop: (reason) => finish(() => reject(reason)) });
    });
  }
}
