import type { MessageCodec, RpcDescription, ServiceDescription } from "@tutti/contracts/rpc";
import type { CallContext, Owner, TraceContext } from "@tutti/kernel";

/** Options of one call. */
export interface CallOptions {
  /** Timeout of this call in milliseconds. */
  readonly timeoutMs?: number | undefined;
  /** Deadline on the monotonic clock of this process, as in a `CallContext`. */
  readonly deadlineMs?: number | undefined;
  /** The namespace, if the request itself names none. */
  readonly namespace?: string | undefined;
  /** A repeated call with the same key gets the first reply. Only if the request itself has none. */
  readonly idempotencyKey?: string | undefined;
  /**
   * Calls with the same text go to the same instance while it is healthy, if any could serve them: such as all streams
   * of one agent.
   */
  readonly affinity?: string | undefined;
  /** The id of the target instance, if any could serve it: the call fails if that one is unknown or unhealthy. */
  readonly instance?: string | undefined;
  /** The owner named by a refusal. The call goes there. */
  readonly owner?: Owner | undefined;
  /** Cancels the call when aborted. */
  readonly signal?: AbortSignal | undefined;
  /**
   * The call that makes this one: its principal and namespace are kept, its trace continues, its deadline bounds this
   * one, and its cancellation cancels this one.
   */
  readonly context?: CallContext | undefined;
  /** Its trace context, if no other call makes it. */
  readonly trace?: TraceContext | undefined;
}

export type RequestOf<R> = R extends { readonly request: MessageCodec<infer Request> } ? Request : never;
export type ReplyOf<R> = R extends { readonly reply: MessageCodec<infer Reply> } ? Reply : never;

/**
 * The replies of a stream, in order. The call starts when the first is requested. Leaving the loop, or `return()`,
 * cancels it.
 */
export interface ReplyStream<Reply> extends AsyncIterableIterator<Reply, undefined, void> {
  return(): Promise<IteratorReturnResult<undefined>>;
}

/** Signature of a method of the contract. */
export type Callable<R> = R extends { readonly requestStream: true; readonly replyStream: true }
  ? (requests: AsyncIterable<RequestOf<R>>, options?: CallOptions) => ReplyStream<ReplyOf<R>>
  : R extends { readonly requestStream: true }
    ? (requests: AsyncIterable<RequestOf<R>>, options?: CallOptions) => Promise<ReplyOf<R>>
    : R extends { readonly replyStream: true }
      ? (request: RequestOf<R>, options?: CallOptions) => ReplyStream<ReplyOf<R>>
      : (request: RequestOf<R>, options?: CallOptions) => Promise<ReplyOf<R>>;

/** A service for its callers. */
export type Client<S extends ServiceDescription> = {
  readonly [K in keyof S["methods"]]: S["methods"][K] extends RpcDescription<infer _Q, infer _P>
    ? Callable<S["methods"][K]>
    : never;
};
