import type { MessageCodec, RpcDescription, ServiceDescription } from "@tutti/contracts/rpc";
import type { CallContext, Owner, TraceContext } from "@tutti/kernel";

/** What a caller may say of one call. */
export interface CallOptions {
  /** Time for this call in milliseconds, from now. */
  readonly timeoutMs?: number | undefined;
  /** The moment by which it must be done, on the monotonic clock of this process, as in a `CallContext`. */
  readonly deadlineMs?: number | undefined;
  /** The namespace, where the request itself names none. */
  readonly namespace?: string | undefined;
  /** Under which a repeated call is answered like the first, where the request itself carries none. */
  readonly idempotencyKey?: string | undefined;
  /**
   * Calls with the same one go to the same instance as long as that is there and well, where any could serve them: such
   * as all streams of one agent.
   */
  readonly affinity?: string | undefined;
  /** The id of the instance that it goes to, where any could serve it: fails when that is not known or not well. */
  readonly instance?: string | undefined;
  /** Who owns what it is about, as a refusal named it. It goes there. */
  readonly owner?: Owner | undefined;
  /** Gives up when aborted. */
  readonly signal?: AbortSignal | undefined;
  /**
   * The call as part of which this one is made: its principal and namespace are kept, its trace continues, its deadline
   * bounds this one, and when it is cancelled this one is too.
   */
  readonly context?: CallContext | undefined;
  /** The place in a trace that it belongs to, where it is made as part of no call. */
  readonly trace?: TraceContext | undefined;
}

export type RequestOf<R> = R extends { readonly request: MessageCodec<infer Request> } ? Request : never;
export type ReplyOf<R> = R extends { readonly reply: MessageCodec<infer Reply> } ? Reply : never;

/**
 * The replies of a stream, in order. The call is made when the first is asked for. Leaving the loop, or `return()`,
 * cancels it.
 */
export interface ReplyStream<Reply> extends AsyncIterableIterator<Reply, undefined, void> {
  return(): Promise<IteratorReturnResult<undefined>>;
}

/** How a method of the contract is called. */
export type Callable<R> = R extends { readonly requestStream: true; readonly replyStream: true }
  ? (requests: AsyncIterable<RequestOf<R>>, options?: CallOptions) => ReplyStream<ReplyOf<R>>
  : R extends { readonly requestStream: true }
    ? (requests: AsyncIterable<RequestOf<R>>, options?: CallOptions) => Promise<ReplyOf<R>>
    : R extends { readonly replyStream: true }
      ? (request: RequestOf<R>, options?: CallOptions) => ReplyStream<ReplyOf<R>>
      : (request: RequestOf<R>, options?: CallOptions) => Promise<ReplyOf<R>>;

/** A service as its callers see it. */
export type Client<S extends ServiceDescription> = {
  readonly [K in keyof S["methods"]]: S["methods"][K] extends RpcDescription<infer _Q, infer _P>
    ? Callable<S["methods"][K]>
    : never;
};
