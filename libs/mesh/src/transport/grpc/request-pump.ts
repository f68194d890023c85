import type { experimental } from "@grpc/grpc-js";
import { errorFromUnknown, type TuttiError } from "@tutti/kernel";
import type { Method } from "../../calls/method.ts";
import { encode } from "../wire.ts";

export interface RequestPumpParts {
  readonly method: Method;
  readonly requests: AsyncIterable<unknown>;
  readonly wire: experimental.CallStream;
  readonly messageBytes: number;
  /** Whether the call has ended: requests are no longer read. */
  readonly over: () => boolean;
  /** Told when the source of the requests fails, or gives one that cannot be sent. */
  readonly failed: (error: TuttiError) => void;
}

/**
 * Sends the requests of a stream, as fast as the connection takes them. One after the other: grpc-js has room for a
 * single message until the connection stands, and overwrites it.
 */
export function pumpRequests(parts: RequestPumpParts): void {
  send(parts).catch((thrown: unknown) => {
    if (!parts.over()) parts.failed(errorFromUnknown(thrown));
  });
}

async function send({ method, requests, wire, messageBytes, over }: RequestPumpParts): Promise<void> {
  for await (const request of requests) {
    const bytes = encode(method, "request", request, messageBytes);
    if (over()) return;
    await new Promise<void>((sent) => wire.sendMessageWithContext({ callback: () => sent() }, bytes));
  }
  if (!over()) wire.halfClose();
}
