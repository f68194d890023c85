import { errorFromUnknown, type TuttiError } from "@tutti/kernel";
import { callCancelled, type Stoppable } from "../../calls/stopping.ts";
import type { ServedReplies } from "../../server/served-method.ts";
import type { ServerCall } from "../../server/server-call.ts";
import type { LinkStream } from "../link.ts";

/** The replies of a stream from a server of the same process, on its caller's side. */
export class InProcessStream implements LinkStream, Stoppable {
  readonly established: Promise<void>;
  readonly #call: ServerCall;
  readonly #replies: ServedReplies;
  readonly #pass: (reply: unknown) => unknown;
  readonly #fail: (thrown: unknown) => unknown;
  #waiting: ((reason: TuttiError) => void) | undefined = undefined;
  #refuse: (error: TuttiError) => void;

  constructor(parts: {
    readonly call: ServerCall;
    readonly pass: (reply: unknown) => unknown;
    readonly fail: (thrown: unknown) => unknown;
    readonly open: (established: () => void) => ServedReplies;
  }) {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    // There may be no listener.
    promise.catch(() => {});
    this.established = promise;
    this.#refuse = reject;
    this.#call = parts.call;
    this.#pass = parts.pass;
    this.#fail = parts.fail;
    this.#replies = parts.open(resolve);
  }

  next(): Promise<IteratorResult<unknown, undefined>> {
    return new Promise((resolve, reject) => {
      const { stopped } = this.#call;
      if (stopped !== undefined) return reject(stopped);
      const fail = (thrown: unknown) => {
        const error = errorFromUnknown(this.#fail(thrown));
        this.#refuse(error);
        reject(error);
      };
      this.#waiting = fail;
      this.#replies
        .next()
        .then((result) => {
          this.#waiting = undefined;
          resolve(result.done === true ? result : { done: false, value: this.#pass(result.value) });
        })
        .catch(fail);
    });
  }

  async return(): Promise<IteratorReturnResult<undefined>> {
    this.stop(callCancelled(this.#call.method));
    return { done: true, value: undefined };
  }

  stop(reason: TuttiError): void {
    this.#call.stop(reason);
    this.#waiting?.(reason);
    this.#refuse(reason);
    // A handler that is making a reply ends after it. Nothing waits for that.
    this.#replies.return().then(undefined, () => {});
  }
}
