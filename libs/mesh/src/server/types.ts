import type { ServiceDescription } from "@tutti/contracts/rpc";
import type { CallContext, TuttiError } from "@tutti/kernel";
import type { ReplyOf, RequestOf } from "../client/types.ts";

/** How a method of the contract is served. What a handler throws reaches the caller as it is. */
export type Handler<R> = R extends { readonly requestStream: true; readonly replyStream: true }
  ? (requests: AsyncIterable<RequestOf<R>>, context: CallContext) => AsyncIterable<ReplyOf<R>>
  : R extends { readonly requestStream: true }
    ? (requests: AsyncIterable<RequestOf<R>>, context: CallContext) => Promise<ReplyOf<R>> | ReplyOf<R>
    : R extends { readonly replyStream: true }
      ? (request: RequestOf<R>, context: CallContext) => AsyncIterable<ReplyOf<R>>
      : (request: RequestOf<R>, context: CallContext) => Promise<ReplyOf<R>> | ReplyOf<R>;

/** One function per method of a service. */
export type Handlers<S extends ServiceDescription> = {
  readonly [K in keyof S["methods"]]: Handler<S["methods"][K]>;
};

/**
 * Told of a request that was refused before the handler saw it. Nothing about it was looked at by then but who made it.
 * It must not throw.
 */
export type RefusedListener = (request: unknown, error: TuttiError, context: CallContext) => void;

/** By method, if requested. */
export type RefusedListeners<S extends ServiceDescription> = {
  readonly [K in keyof S["methods"]]?: RefusedListener;
};
