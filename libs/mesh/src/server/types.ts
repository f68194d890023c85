import type { ServiceDescription } from "@tutti/contracts/rpc";
import type { CallContext, TuttiError } from "@tutti/kernel";
import type { ReplyOf, RequestOf } from "../client/types.ts";

/** Handler of a method of the contract. Its errors reach the caller unchanged. */
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
 * Called for a request that was refused before the handler saw it. Only its caller was identified by then. It must not
 * throw.
 */
export type RefusedListener = (request: unknown, error: TuttiError, context: CallContext) => void;

/** Listeners by method. */
export type RefusedListeners<S extends ServiceDescription> = {
  readonly [K in keyof S["methods"]]?: RefusedListener;
};
