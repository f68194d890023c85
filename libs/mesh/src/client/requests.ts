import { assert } from "@tutti/kernel";

/**
 * The requests of a stream, which a failed attempt passes on to the next one.
 *
 * 1. Each attempt sees all requests from the first one on, in order, as long as they can be replayed.
 * 2. They can be replayed until the call is accepted or more than a few were read: memory stays bounded.
 * 3. No request is lost to an abandoned attempt that waited for it: once requests are not kept, only the newest attempt
 *    receives them.
 */
const replayedMax = 16;

export class Requests {
  readonly #source: AsyncIterator<unknown>;
  #recorded: unknown[] = [];
  /** Number of requests read before the first of `#recorded`. */
  #dropped = 0;
  #recording = true;
  #isAccepted = false;
  #pull: Promise<IteratorResult<unknown>> | undefined = undefined;
  #done = false;
  #attempts = 0;

  constructor(requests: AsyncIterable<unknown>) {
    this.#source = requests[Symbol.asyncIterator]();
  }

  /** Whether another attempt would see all of them. */
  get replayable(): boolean {
    return this.#recording;
  }

  /** Returns the first request without consuming it. Undefined if there is none. */
  async first(): Promise<unknown> {
    if (this.#recorded.length === 0 && !this.#done) await this.#next();
    return this.#recorded[0];
  }

  /** The call is accepted: earlier requests need not be kept, and there is no other attempt. */
  accept(): void {
    this.#recording = false;
    this.#isAccepted = true;
  }

  /** Whether nothing is kept here, and no reader waits. */
  get #isPassing(): boolean {
    return this.#isAccepted && this.#recorded.length === 0 && this.#pull === undefined && !this.#done;
  }

  /** Returns the requests for one attempt. Must not be read concurrently. */
  attempt(): AsyncIterableIterator<unknown, undefined> {
    let position = 0;
    const requests = this;
    const attempt = ++this.#attempts;
    const over = { done: true, value: undefined } as const;
    const isAbandoned = () => !requests.#recording && attempt !== requests.#attempts;
    const readRecorded = async (): Promise<IteratorResult<unknown, undefined>> => {
      for (;;) {
        if (isAbandoned()) return over;
        const at = position - requests.#dropped;
        assert(at >= 0, "an attempt reads kept requests only", { position, dropped: requests.#dropped });
        if (at < requests.#recorded.length) {
          position++;
          const value = requests.#recorded[at];
          requests.#drop(at);
          return { done: false, value };
        }
        if (requests.#done) return { done: true, value: undefined };
        await requests.#next();
      }
    };
    return {
      [Symbol.asyncIterator]() {
        return this;
      },
      next() {
        // The accepted stream is the only reader: without kept requests it reads from the source itself.
        return requests.#isPassing && !isAbandoned() ? requests.#source.next() : readRecorded();
      },
      // The source stays open: another attempt may continue with it.
      return: async () => ({ done: true, value: undefined }),
    };
  }

  /** Stops reading requests. */
  close(): void {
    if (this.#done) return;
    this.#done = true;
    this.#source.return?.()?.then(undefined, () => {});
  }

  async #next(): Promise<void> {
    this.#pull ??= this.#source.next().finally(() => {
      this.#pull = undefined;
    });
    const pull = this.#pull;
    const result = await pull;
    if (this.#lastPull === pull) return;
    this.#lastPull = pull;
    if (result.done === true) this.#done = true;
    else this.#recorded.push(result.value);
    if (this.#recorded.length > replayedMax) this.#recording = false;
  }

  /** The last pull whose result was processed: two attempts may have waited for the same one. */
  #lastPull: Promise<IteratorResult<unknown>> | undefined = undefined;

  #drop(upTo: number): void {
    if (this.#recording) return;
    this.#recorded.splice(0, upTo + 1);
    this.#dropped += upTo + 1;
  }
}
