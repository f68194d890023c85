import type { ServerDuplexStream, ServerWritableStream } from "@grpc/grpc-js";
import { errorFromUnknown, type TuttiError } from "@tutti/kernel";
import type { ServedReplies } from "../../server/served-method.ts";
import type { ServerCall } from "../../server/server-call.ts";
import { encode } from "../wire.ts";
import { statusOf } from "./status.ts";

type Wire = ServerWritableStream<Buffer, Buffer> | ServerDuplexStream<Buffer, Buffer>;

/** Sends the replies of a stream, as fast as the connection accepts them. */
export class ReplyPump {
  readonly #call: ServerCall;
  readonly #wire: Wire;
  readonly #limit: number;
  readonly #written = () => this.#sendFailure();
  #failure: TuttiError | undefined = undefined;
  #ended = false;
  #wake: (() => void) | undefined = undefined;

  constructor(call: ServerCall, wire: Wire, limit: number) {
    this.#call = call;
    this.#wire = wire;
    this.#limit = limit;
    wire.on("drain", () => this.#awaken());
  }

  run(replies: ServedReplies): void {
    this.#call.onStopped = (reason) => {
      this.fail(reason);
      this.#awaken();
      replies.return().then(undefined, () => {});
    };
    this.#send(replies).catch((thrown: unknown) => {
      this.fail(errorFromUnknown(thrown));
      replies.return().then(undefined, () => {});
    });
  }

  fail(error: TuttiError): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#failure = error;
    this.#sendFailure();
  }

  /**
   * Not while a reply is being written: the reader of the next request closes the stream when it gets the error, and
   * the status would be lost.
   */
  #sendFailure(): void {
    if (this.#failure === undefined || this.#wire.writableLength > 0) return;
    const status = statusOf(this.#failure);
    this.#failure = undefined;
    // A stream that its caller has closed has no receiver.
    if (!this.#wire.cancelled) this.#wire.emit("error", status);
  }

  async #send(replies: ServedReplies): Promise<void> {
    for (;;) {
      const result = await replies.next();
      if (this.#ended) return;
      if (result.done === true) break;
      const bytes = encode(this.#call.method, "reply", result.value, this.#limit);
      if (this.#wire.write(bytes, this.#written)) continue;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    if (this.#ended) return;
    this.#ended = true;
    this.#wire.end();
  }

  #awaken(): void {
    this.#wake?.();
    this.#wake = undefined;
  }
}
