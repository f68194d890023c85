import type { TuttiError } from "@tutti/kernel";
import type { Stoppable } from "../calls/stopping.ts";
import type { ServerCall } from "./server-call.ts";

/** Interceptors of each request. */
interface Passage {
  request(call: ServerCall, message: unknown): Promise<void> | undefined;
}

/**
 * The requests of a stream for its handler: each has passed the interceptors. A handler that waits for the next one is
 * notified when its replies are no longer needed.
 */
export class ServedRequests implements AsyncIterableIterator<unknown, undefined>, Stoppable {
  readonly #call: ServerCall;
  readonly #passage: Passage;
  readonly #source: AsyncIterator<unknown>;
  #waiting: ((reason: TuttiError) => void) | undefined = undefined;

  constructor(call: ServerCall, passage: Passage, requests: AsyncIterable<unknown>) {
    this.#call = call;
    this.#passage = passage;
    this.#source = requests[Symbol.asyncIterator]();
    call.adopt(this);
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  async next(): Promise<IteratorResult<unknown, undefined>> {
    const result = await this.#receive();
    if (result.done === true) {
      this.#call.release(this);
      return { done: true, value: undefined };
    }
    const checked = this.#passage.request(this.#call, result.value);
    if (checked !== undefined) await checked;
    const changed = this.#call.changedRequest;
    if (changed === undefined) return result;
    this.#call.changedRequest = undefined;
    return { done: false, value: changed };
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.#call.release(this);
    await this.#source.return?.();
    return { done: true, value: undefined };
  }

  stop(reason: TuttiError): void {
    this.#waiting?.(reason);
  }

  #receive(): Promise<IteratorResult<unknown>> {
    return new Promise((resolve, reject) => {
      const { stopped } = this.#call;
      if (stopped !== undefined) return reject(stopped);
      this.#waiting = reject;
      this.#source.next().then(
        (result) => {
          this.#waiting = undefined;
          resolve(result);
        },
        // If a stopped call's stream breaks, the reason is the stop.
        (error: unknown) => reject(this.#call.stopped ?? error),
      );
    });
  }
}
