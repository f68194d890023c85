/**
 * A served method: the server's interceptors around the handler, the same for every transport.
 *
 * 1. A handler sees no request that an interceptor refused.
 * 2. Every error of the handler leaves here as a `TuttiError`.
 * 3. Interceptors end when the handler ends, not when the caller cancels: running work is counted as running.
 */
import { errorFromUnknown, type TuttiError } from "@tutti/kernel";
import type { Method } from "../calls/method.ts";
import type { Chain } from "../interceptors/chain.ts";
import { ServedRequests } from "./served-requests.ts";
import type { ServerCall } from "./server-call.ts";
import type { RefusedListener } from "./types.ts";

/** A handler of any of the four kinds. The method determines which one. */
// biome-ignore lint/suspicious/noExplicitAny: the messages' types are known where the handler was given, by its service
export type AnyHandler = (input: any, context: any) => any;

export class ServedMethod {
  readonly method: Method;
  readonly #handler: AnyHandler;
  readonly #chain: Chain<ServerCall>;
  readonly #onRefused: RefusedListener | undefined;

  constructor(method: Method, handler: AnyHandler, chain: Chain<ServerCall>, onRefused?: RefusedListener) {
    this.method = method;
    this.#handler = handler;
    this.#chain = chain;
    this.#onRefused = onRefused;
  }

  /** Serves a call with one reply. `input` is the request, or the requests as they arrive. */
  async unary(call: ServerCall, input: unknown): Promise<unknown> {
    try {
      const accepted = this.#accept(call, input);
      if (accepted !== undefined) await accepted;
      const reply = await this.#handler(this.#inputOf(call, input), call);
      this.#chain.reply(call, reply);
      this.#finish(call, undefined);
      return reply;
    } catch (thrown) {
      const error = errorFromUnknown(thrown);
      this.#finish(call, error);
      throw error;
    }
  }

  /** Serves a call with a stream of replies. Nothing happens until the first one is requested. */
  stream(call: ServerCall, input: unknown, established: () => void): ServedReplies {
    return new ServedReplies(call, this.#chain, async () => {
      await this.#accept(call, input);
      const replies: AsyncIterable<unknown> = this.#handler(this.#inputOf(call, input), call);
      established();
      return replies[Symbol.asyncIterator]();
    });
  }

  #accept(call: ServerCall, input: unknown): Promise<void> | undefined {
    const started = this.#chain.before(call);
    if (this.method.rpc.requestStream) return started;
    if (started === undefined) return this.request(call, input);
    return started.then(() => this.request(call, input));
  }

  /** Passes a request through the interceptors. Returns a promise only if one of them has to wait. */
  request(call: ServerCall, message: unknown): Promise<void> | undefined {
    const onRefused = this.#onRefused;
    if (onRefused === undefined) return this.#chain.request(call, message);
    const refused = (thrown: unknown): never => {
      onRefused(message, errorFromUnknown(thrown), call);
      throw thrown;
    };
    try {
      return this.#chain.request(call, message)?.catch(refused);
    } catch (thrown) {
      return refused(thrown);
    }
  }

  #inputOf(call: ServerCall, input: unknown): unknown {
    if (!this.method.rpc.requestStream) return call.changedRequest ?? input;
    return new ServedRequests(call, this, input as AsyncIterable<unknown>);
  }

  #finish(call: ServerCall, error: TuttiError | undefined): void {
    this.#chain.after(call, error);
    call.finish();
  }
}

/** The replies of one served stream, requested one after the other. */
export class ServedReplies implements AsyncIterator<unknown, undefined> {
  readonly #call: ServerCall;
  readonly #chain: Chain<ServerCall>;
  readonly #open: () => Promise<AsyncIterator<unknown>>;
  #replies: AsyncIterator<unknown> | undefined = undefined;
  #ended = false;

  constructor(call: ServerCall, chain: Chain<ServerCall>, open: () => Promise<AsyncIterator<unknown>>) {
    this.#call = call;
    this.#chain = chain;
    this.#open = open;
  }

  async next(): Promise<IteratorResult<unknown, undefined>> {
    if (this.#ended) return { done: true, value: undefined };
    try {
      this.#replies ??= await this.#open();
      const result = await this.#replies.next();
      if (result.done !== true) {
        if (this.#call.stopped !== undefined) throw this.#call.stopped;
        this.#chain.reply(this.#call, result.value);
        return result;
      }
      // A handler that ends its stream because it was stopped has not succeeded.
      if (this.#call.stopped !== undefined) throw this.#call.stopped;
      this.#finish(undefined);
      return { done: true, value: undefined };
    } catch (thrown) {
      const error = errorFromUnknown(thrown);
      this.#cancelHandler();
      this.#finish(error);
      throw error;
    }
  }

  /** Ends the stream. A handler that is making a reply ends after that reply. */
  async return(): Promise<IteratorReturnResult<undefined>> {
    if (!this.#ended) {
      const reason = this.#call.stopped;
      try {
        await this.#replies?.return?.();
        this.#finish(reason);
      } catch (thrown) {
        this.#finish(errorFromUnknown(thrown));
      }
    }
    return { done: true, value: undefined };
  }

  /** Lets the handler's `finally` run after a failure that was not its own. */
  #cancelHandler(): void {
    this.#replies?.return?.()?.then(undefined, () => {});
  }

  #finish(error: TuttiError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#chain.after(this.#call, error);
    this.#call.finish();
  }
}
