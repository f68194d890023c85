import { errorFromUnknown, type TuttiError } from "@tutti/kernel";
import { callCancelled } from "../calls/stopping.ts";
import type { ClientCall } from "./client-call.ts";
import type { OpenedStream } from "./exchange.ts";
import type { ReplyStream } from "./types.ts";

/** A streamed call on its caller's side, created by `ClientStream` at the first request for a reply. */
export interface StreamedCall {
  readonly call: ClientCall;
  open(): Promise<OpenedStream>;
  reply(reply: unknown): void;
  finish(error: TuttiError | undefined): void;
}

/**
 * The replies of a call for its caller.
 *
 * 1. Nothing happens until the first reply is requested.
 * 2. `return()` ends the call at once, even while a reply is awaited.
 */
export class ClientStream implements ReplyStream<unknown> {
  readonly #start: () => StreamedCall;
  #streamed: StreamedCall | undefined = undefined;
  #opened: OpenedStream | undefined = undefined;
  #ended = false;
  #returned = false;

  constructor(start: () => StreamedCall) {
    this.#start = start;
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<unknown, undefined>> {
    if (this.#ended) return { done: true, value: undefined };
    this.#streamed ??= this.#start();
    const streamed = this.#streamed;
    try {
      const result = await this.#receive(streamed);
      if (result.done !== true) {
        streamed.reply(result.value);
        return result;
      }
      this.#finish(undefined);
      return { done: true, value: undefined };
    } catch (thrown) {
      if (this.#returned) return { done: true, value: undefined };
      const error = streamed.call.stopped ?? errorFromUnknown(thrown);
      this.#opened?.rest.return().then(undefined, () => {});
      this.#finish(error);
      throw error;
    }
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#returned = true;
    if (!this.#ended) {
      const streamed = this.#streamed;
      const reason = streamed && callCancelled(streamed.call.method);
      if (reason !== undefined) streamed?.call.stop(reason);
      this.#opened?.rest.return().then(undefined, () => {});
      this.#finish(reason);
    }
    return { done: true, value: undefined };
  }

  async #receive(streamed: StreamedCall): Promise<IteratorResult<unknown, undefined>> {
    if (this.#opened !== undefined) return await this.#opened.rest.next();
    const opened = await streamed.open();
    if (this.#ended) {
      // The caller left while the stream was being opened.
      opened.rest.return().then(undefined, () => {});
      opened.target.released();
      return { done: true, value: undefined };
    }
    this.#opened = opened;
    return opened.first;
  }

  #finish(error: TuttiError | undefined): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#opened?.target.released();
    this.#streamed?.finish(error);
  }
}
