import { errorFromUnknown, type Timers, type TuttiError } from "@tutti/kernel";
import type { Method } from "../../calls/method.ts";
import { callCancelled, type Stoppable } from "../../calls/stopping.ts";
import { meshErrors } from "../../errors.ts";
import { requireSize } from "../../interceptors/limits.ts";
import type { LinkStream } from "../link.ts";
import { decodeReply } from "../wire.ts";
import { type HttpExchange, type HttpSite, requireUncompressed } from "./exchange.ts";
import { envelopes, errorOfJson, flags, silentMs } from "./wire.ts";

/** The replies of a stream over HTTP. Its connection is read only as fast as the caller reads. */
export class HttpStream implements LinkStream, Stoppable {
  readonly established: Promise<void>;
  readonly #method: Method;
  readonly #exchange: HttpExchange;
  readonly #site: HttpSite;
  readonly #timers: Timers;
  readonly #replies: AsyncGenerator<unknown, undefined>;
  #isOver = false;

  constructor(method: Method, exchange: HttpExchange, site: HttpSite, timers: Timers) {
    this.#method = method;
    this.#exchange = exchange;
    this.#site = site;
    this.#timers = timers;
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // There may be no listener.
    promise.catch(() => {});
    this.established = promise;
    this.#replies = this.#read(resolve, reject);
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    return this.#replies.next();
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    if (!this.#isOver) this.stop(callCancelled(this.#method));
    return { done: true, value: undefined };
  }

  stop(reason: TuttiError): void {
    this.#isOver = true;
    this.#exchange.stop(reason);
  }

  async *#read(accept: () => void, refuse: (error: TuttiError) => void): AsyncGenerator<unknown, undefined> {
    const method = this.#method;
    const exchange = this.#exchange;
    try {
      const response = await exchange.accepted();
      accept();
      const { messageBytes } = this.#site;
      const all = envelopes(this.#watched(response), (size) =>
        requireSize(method, "reply", size, messageBytes),
      );
      for (;;) {
        const { value, done } = await exchange.read(() => all.next());
        if (done) throw this.#lost("the answer has no end");
        const { flag, bytes } = value;
        requireUncompressed(method, flag);
        if ((flag & flags.end) !== 0) {
          const { error } = Object(JSON.parse(bytes.toString("utf8"))) as { readonly error?: unknown };
          // The connection is free for the next call when its answer has been read.
          await exchange.read(() => all.next());
          if (error !== undefined) throw errorOfJson(error);
          return undefined;
        }
        if (flag === flags.message) yield decodeReply(method, bytes, messageBytes);
      }
    } catch (thrown) {
      const error = errorFromUnknown(thrown);
      refuse(error);
      throw error;
    } finally {
      this.#isOver = true;
      exchange.finish();
    }
  }

  /** A connection that is silent for this long while replies are awaited is broken. */
  async *#watched(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array, void> {
    const parts = source[Symbol.asyncIterator]();
    try {
      for (;;) {
        const timer = this.#timers.after(silentMs, () =>
          this.#exchange.stop(this.#lost(`silent for ${silentMs / 1_000} s`)),
        );
        const { value, done } = await parts.next().finally(() => timer.cancel());
        if (done) return;
        yield value;
      }
    } finally {
      await parts.return?.();
    }
  }

  #lost(reason: string): TuttiError {
    return meshErrors.connectionLost({ rpc: this.#method.label, address: this.#site.address, reason });
  }
}
