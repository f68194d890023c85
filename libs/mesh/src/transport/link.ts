import type { OutgoingCall } from "../calls/outgoing-call.ts";

/** How the way to an instance stands. A link that is idle connects by itself when it is used. */
export type LinkState = "ready" | "idle" | "connecting" | "failing";

/** The way to one instance. Its failures are thrown as a `TuttiError`. */
export interface Link {
  readonly transport: "in-process" | "grpc" | "http";
  readonly state: LinkState;
  /** Starts to connect, so that the first call need not wait for it. */
  connect(): void;
  /** Returns a call with one reply. `input` is the request, or the requests as they come. */
  one(call: OutgoingCall, input: unknown): Promise<unknown>;
  /** Returns a call with a stream of replies. */
  many(call: OutgoingCall, input: unknown): LinkStream;
  /** Calls in flight continue. */
  close(): void;
}

export interface LinkStream extends AsyncIterator<unknown, undefined> {
  /** Resolves when the instance has taken the call, maybe long before its first reply. Rejects when it does not. */
  readonly established: Promise<void>;
  return(): Promise<IteratorReturnResult<undefined>>;
}
