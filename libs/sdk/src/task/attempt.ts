/** What the worker knows of one attempt. Handlers see it as their `TaskContext`. */
import type { Assign } from "@tutti/contracts/agent/v1";
import type { Registered } from "./handlers.ts";

/** What an attempt tells about itself, and through whom. */
export interface AttemptPort {
  /** Of the pool that the worker is in. */
  readonly namespace: string;
  nowMs(): number;
  progressed(attempt: Attempt): void;
  output(attempt: Attempt, piece: Piece): Promise<void> | undefined;
}

/** A piece of partial output. */
export interface Piece {
  readonly index: number;
  readonly chunk: Uint8Array;
  readonly channel: string;
  readonly mediaType: string;
}

/** Progress that was not sent yet; later calls of a turn replace earlier ones. */
export interface Told {
  saved: Uint8Array | undefined;
  fraction: number;
  message: string;
}

/** A running handler, and what there is to be said about it. */
export class Attempt {
  readonly token: string;
  readonly assign: Assign;
  readonly registered: Registered;
  readonly port: AttemptPort;
  readonly startedMs: number;
  /** When something about it is due next; Infinity for nothing. */
  dueMs = Number.POSITIVE_INFINITY;
  /** When it has to be over, on the monotonic clock. */
  runEndsMs: number;
  totalEndsMs: number;
  /** When it is answered whether its handler has ended or not. */
  givenUpMs = Number.POSITIVE_INFINITY;
  /** When the host is told that it has begun; Infinity when it knows. */
  tellStartedMs = Number.POSITIVE_INFINITY;
  /** Whether anybody wants to hear of it. */
  isWanted = true;
  /** Whether it was answered, or is not to be. */
  isOver = false;
  /** Whether it was asked to end, and its end is no failure. */
  isCancelled = false;
  told: Told | undefined;
  lastToldMs = Number.NEGATIVE_INFINITY;
  /** The last thing that it kept for later attempts; told again on a new link. */
  saved: Uint8Array | undefined;
  pieces = 0;
  tokens = 0;
  money = 0;
  #abort: AbortController | undefined;
  #reason: Error | undefined;

  constructor(token: string, assign: Assign, registered: Registered, port: AttemptPort, nowMs: number) {
    this.token = token;
    this.assign = assign;
    this.registered = registered;
    this.port = port;
    this.startedMs = nowMs;
    this.runEndsMs = assign.runMs > 0 ? nowMs + assign.runMs : Number.POSITIVE_INFINITY;
    this.totalEndsMs = assign.totalMs > 0 ? nowMs + assign.totalMs : Number.POSITIVE_INFINITY;
  }

  /** Made when a handler asks for it: most never do. */
  get signal(): AbortSignal {
    if (this.#abort === undefined) {
      this.#abort = new AbortController();
      if (this.#reason !== undefined) this.#abort.abort(this.#reason);
    }
    return this.#abort.signal;
  }

  /** Why it was told to end; undefined while it was not. */
  get reason(): Error | undefined {
    return this.#reason;
  }

  get remainingMs(): number {
    const endsMs = Math.min(this.runEndsMs, this.totalEndsMs);
    return endsMs === Number.POSITIVE_INFINITY ? endsMs : Math.max(0, endsMs - this.port.nowMs());
  }

  abort(reason: Error): void {
    if (this.#reason !== undefined) return;
    this.#reason = reason;
    this.#abort?.abort(reason);
  }

  nextDueMs(): number {
    return Math.min(this.runEndsMs, this.totalEndsMs, this.givenUpMs, this.tellStartedMs);
  }
}
