import type { experimental } from "@grpc/grpc-js";
import { errorFromUnknown, type TuttiError } from "@tutti/kernel";
import type { ClientCall } from "../../client/client-call.ts";
import { encode } from "./wire.ts";

/** Bytes and messages on their way to the socket before the next request is taken from its source. */
const bytesMax = 1_048_576;
const messagesMax = 64;

/** Sends the requests of a stream, as fast as the connection takes them. */
export class RequestPump {
  readonly #call: ClientCall;
  readonly #wire: experimental.CallStream;
  readonly #limit: number;
  #bytes = 0;
  #messages = 0;
  #room: (() => void) | undefined = undefined;

  constructor(call: ClientCall, wire: experimental.CallStream, limit: number) {
    this.#call = call;
    this.#wire = wire;
    this.#limit = limit;
  }

  /** `failed` is told when the source of the requests fails, or gives one that cannot be sent. */
  run(requests: AsyncIterable<unknown>, failed: (error: TuttiError) => void): void {
    this.#send(requests).catch((thrown: unknown) => {
      if (this.#call.stopped === undefined) failed(errorFromUnknown(thrown));
    });
  }

  async #send(requests: AsyncIterable<unknown>): Promise<void> {
    for await (const request of requests) {
      if (this.#call.stopped !== undefined) return;
      const bytes = encode(this.#call.method, "request", request, this.#limit);
      this.#bytes += bytes.length;
      this.#messages += 1;
      this.#wire.sendMessageWithContext({ callback: () => this.#sent(bytes.length) }, bytes);
      if (this.#bytes >= bytesMax || this.#messages >= messagesMax) {
        await new Promise<void>((resolve) => {
          this.#room = resolve;
        });
      }
    }
    this.#wire.halfClose();
  }

  #sent(bytes: number): void {
    this.#bytes -= bytes;
    this.#messages -= 1;
    if (this.#bytes < bytesMax && this.#messages < messagesMax) {
      this.#room?.();
      this.#room = undefined;
    }
  }
}
