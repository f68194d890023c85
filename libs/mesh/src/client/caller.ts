/**
 * Calls one method: the client interceptors around the attempts, the same for every transport.
 *
 * 1. A call ends exactly once, with its reply or with a `TuttiError`, and releases everything that it holds.
 * 2. The deadline of a nested call is never later than that of its outer call.
 */
import { setMaxListeners } from "node:events";
import { defaultNamespace } from "@tutti/contracts/rpc";
import { type CallContext, type Clock, errorFromUnknown, type TuttiError } from "@tutti/kernel";
import type { Method } from "../calls/method.ts";
import { callCancelled } from "../calls/stopping.ts";
import type { Chain } from "../interceptors/chain.ts";
import { ServerCall } from "../server/server-call.ts";
import { ClientCall } from "./client-call.ts";
import { ClientStream } from "./client-stream.ts";
import type { OpenedStream } from "./exchange.ts";
import { Requests } from "./requests.ts";
import type { CallOptions, ReplyStream } from "./types.ts";

export interface CallerParts {
  readonly method: Method;
  readonly chain: Chain<ClientCall>;
  /** Makes the attempts of a call. Resolves with the reply, or with the opened stream of replies. */
  readonly attempts: (call: ClientCall) => Promise<unknown>;
  readonly clock: Clock;
  /** Timeout of a call without its own. */
  readonly callMs: number;
}

const noOptions: CallOptions = {};

export class Caller {
  readonly #parts: CallerParts;

  constructor(parts: CallerParts) {
    this.#parts = parts;
  }

  /** Makes a call with one reply. `input` is the request, or the requests of a stream. */
  async unary(input: unknown, options: CallOptions = noOptions): Promise<unknown> {
    const { chain, attempts } = this.#parts;
    const call = this.#call(input, options);
    const detach = attach(call, options);
    try {
      const accepted = this.#open(call, input);
      if (accepted !== undefined) await accepted;
      const reply = await attempts(call);
      chain.reply(call, reply);
      this.#finish(call, undefined, detach);
      return reply;
    } catch (thrown) {
      const error = call.stopped ?? errorFromUnknown(thrown);
      this.#finish(call, error, detach);
      throw error;
    }
  }

  /** Makes a call with a stream of replies. It starts when the first reply is read. */
  stream(input: unknown, options: CallOptions = noOptions): ReplyStream<unknown> {
    const { chain, attempts } = this.#parts;
    return new ClientStream(() => {
      const call = this.#call(input, options);
      const detach = attach(call, options);
      return {
        call,
        open: async () => {
          const accepted = this.#open(call, input);
          if (accepted !== undefined) await accepted;
          return (await attempts(call)) as OpenedStream;
        },
        reply: (reply: unknown) => chain.reply(call, reply),
        finish: (error: TuttiError | undefined) => this.#finish(call, error, detach),
      };
    });
  }

  #open(call: ClientCall, input: unknown): Promise<void> | undefined {
    const { chain, method } = this.#parts;
    if (call.stopped !== undefined) throw call.stopped;
    const started = chain.before(call);
    if (method.rpc.requestStream) return started;
    if (started === undefined) return chain.request(call, input);
    return started.then(() => chain.request(call, input));
  }

  #finish(call: ClientCall, error: TuttiError | undefined, detach: (() => void) | undefined): void {
    call.finish();
    detach?.();
    this.#parts.chain.after(call, error);
    if (call.method.rpc.requestStream) call.requests.close();
  }

  #call(input: unknown, options: CallOptions): ClientCall {
    const { method, clock, callMs } = this.#parts;
    const { rpc } = method;
    const { context } = options;
    const startedMs = clock.monotonic();
    const about = rpc.requestStream ? undefined : rpc.namespaceOf(input);
    const key = rpc.requestStream ? "" : rpc.idempotencyKeyOf(input);
    return new ClientCall(
      {
        method,
        context,
        trace: context?.trace ?? options.trace,
        startedMs,
        deadlineMs: deadlineOf(options, startedMs, method.streaming ? Number.POSITIVE_INFINITY : callMs),
        namespace: about ?? options.namespace ?? context?.namespace ?? defaultNamespace,
        idempotencyKey: key === "" ? (options.idempotencyKey ?? "") : key,
        affinity: options.affinity ?? "",
        instance: options.instance ?? "",
        owner: options.owner,
      },
      rpc.requestStream ? new Requests(input as AsyncIterable<unknown>) : input,
    );
  }
}

function deadlineOf({ timeoutMs, deadlineMs, context }: CallOptions, nowMs: number, callMs: number): number {
  let earliest = nowMs + (timeoutMs ?? callMs);
  if (deadlineMs !== undefined && deadlineMs < earliest) earliest = deadlineMs;
  if (context !== undefined && context.deadlineMs < earliest) earliest = context.deadlineMs;
  return earliest;
}

/** Stops the call when its origin stops. Returns a function that ends that. */
function attach(call: ClientCall, { signal, context }: CallOptions): (() => void) | undefined {
  const first = signal === undefined ? undefined : attachSignal(call, signal);
  const second = context === undefined ? undefined : attachContext(call, context);
  if (first === undefined) return second;
  if (second === undefined) return first;
  return () => {
    first();
    second();
  };
}

function attachContext(call: ClientCall, context: CallContext): () => void {
  // Most calls are part of a served call, which needs no signal.
  if (!(context instanceof ServerCall)) return attachSignal(call, context.signal);
  context.adopt(call);
  return () => context.release(call);
}

function attachSignal(call: ClientCall, signal: AbortSignal): () => void {
  // Each call removes its listener. Node 20 would warn of a leak if one signal has more than 10 calls.
  setMaxListeners(0, signal);
  const stop = () => call.stop(callCancelled(call.method, signal.reason));
  if (signal.aborted) stop();
  else signal.addEventListener("abort", stop, { once: true });
  return () => signal.removeEventListener("abort", stop);
}
