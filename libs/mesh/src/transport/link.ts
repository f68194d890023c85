import type { OutgoingCall } from "../calls/outgoing-call.ts";

/** State of the link to an instance. An idle link connects by itself when it is used. */
export type LinkState = "ready" | "idle" | "connecting" | "failing";

/** The link to one instance. Its failures are thrown as a `TuttiError`. */
export interface Link {
  readonly transport: "in-process" | "grpc" | "http";
  readonly state: LinkState;
  /** Starts to connect, so that the first call need not wait for it. */
  connect(): void;
  /** Makes a call with one reply. `input` is the request, or the requests as they arrive. */
  unary(call: OutgoingCall, input: unknown): Promise<unknown>;
  /** Makes a call with a stream of replies. */
  stream(call: OutgoingCall, input: unknown): LinkStream;
  /** Calls in flight continue. */
  close(): void;
}

export interface LinkStream extends AsyncIterator<unknown, undefined> {
  /** Resolves when the instance has accepted the call, maybe long before its first reply. Rejects if it does not. */
  readonly established: Promise<void>;
  return(): Promise<IteratorReturnResult<undefined>>;
}
