/**
 * The outgoing side of one connection to a reader.
 *
 * 1. One write is in progress at a time. Messages that arrive meanwhile leave together, in order.
 * 2. `send` never waits. A sender that waits for `room` before it sends more keeps a connection at `bytesMax` and one
 *    more frame, even if its reader accepts little.
 * 3. A reader that accepts nothing for `stallMs` is disconnected. It may reconnect with its cursor.
 * 4. Frames without a reader are dropped: after the end `send` does nothing.
 */
import type { Pipe } from "./pipe.ts";

/**
 * Why a connection is over. `done`: the stream has ended. `left`: the reader left. `refused`: the reader has lost the
 * right to read. `closing`: the process stops.
 */
export type Ending = "done" | "left" | "stalled" | "refused" | "closing";

export interface OutflowOptions {
  readonly pipe: Pipe;
  /** Maximum of bytes that wait to be sent. */
  readonly bytesMax: number;
  /** Time without messages after which a heartbeat is sent. */
  readonly heartbeatMs: number;
  readonly stallMs: number;
  readonly now: () => number;
  readonly onSent: (bytes: number) => void;
  readonly onOver: (reason: Ending) => void;
}

/** Size of one write. A reader that accepts it slowly is not stalled. */
const writeBytesMax = 65_536;

export class Outflow {
  readonly #options: OutflowOptions;
  readonly #over = new AbortController();
  #gathered: Uint8Array[] = [];
  #gatheredBytes = 0;
  /** Bytes of the write under way. */
  #writing = 0;
  #isScheduled = false;
  /** The time when the current write started, or the last one was accepted. */
  #lastMs: number;
  #ending: Ending | undefined;
  #room: PromiseWithResolvers<void> | undefined;

  constructor(options: OutflowOptions) {
    this.#options = options;
    this.#lastMs = options.now();
  }

  /** Aborted when the connection is over. */
  get signal(): AbortSignal {
    return this.#over.signal;
  }

  /** Bytes that wait to be sent. */
  get bytes(): number {
    return this.#gatheredBytes + this.#writing;
  }

  send(frame: Uint8Array): void {
    if (this.#ending !== undefined) return;
    this.#gathered.push(frame);
    this.#gatheredBytes += frame.length;
    if (this.#isScheduled || this.#writing > 0) return;
    this.#isScheduled = true;
    // Not in the sender's own step: further messages of that step leave in the same write.
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  /** Undefined if there is room. Otherwise resolves when there is room again, or the connection is over. */
  room(): Promise<void> | undefined {
    if (this.bytes < this.#options.bytesMax || this.#over.signal.aborted) return undefined;
    this.#room ??= Promise.withResolvers<void>();
    return this.#room.promise;
  }

  /** Writes the messages sent so far, then ends. */
  end(reason: Ending): void {
    if (this.#ending !== undefined) return;
    this.#ending = reason;
    this.#flush();
  }

  /** The reader has disconnected, or is disconnected. */
  destroy(reason: Ending): void {
    if (this.#over.signal.aborted) return;
    this.#ending ??= reason;
    this.#options.pipe.destroy();
    this.#finish();
  }

  /** Sends heartbeats and ends stalled connections. Called periodically. */
  sweep(): void {
    const { now, heartbeatMs, stallMs, pipe } = this.#options;
    const silentMs = now() - this.#lastMs;
    if (this.#writing > 0) {
      if (silentMs >= stallMs) this.destroy("stalled");
    } else if (silentMs >= heartbeatMs) this.send(pipe.heartbeat);
  }

  #flush(): void {
    if (this.#writing > 0 || this.#over.signal.aborted) return;
    const { pipe, now, onSent } = this.#options;
    if (this.#gathered.length === 0) {
      if (this.#ending === undefined) return;
      pipe.end();
      this.#finish();
      return;
    }
    const frames = this.#dequeue();
    const bytes = frames.reduce((sum, frame) => sum + frame.length, 0);
    this.#writing = bytes;
    this.#lastMs = now();
    pipe.write(frames, () => {
      this.#writing = 0;
      this.#lastMs = now();
      onSent(bytes);
      this.#flush();
      this.#notifyRoom();
    });
  }

  #dequeue(): readonly Uint8Array[] {
    let bytes = 0;
    const more = this.#gathered.findIndex((frame) => {
      bytes += frame.length;
      return bytes > writeBytesMax;
    });
    const count = more === -1 ? this.#gathered.length : Math.max(1, more);
    const frames = this.#gathered.splice(0, count);
    for (const frame of frames) this.#gatheredBytes -= frame.length;
    return frames;
  }

  #notifyRoom(): void {
    if (this.bytes >= this.#options.bytesMax && !this.#over.signal.aborted) return;
    this.#room?.resolve();
    this.#room = undefined;
  }

  #finish(): void {
    if (this.#over.signal.aborted) return;
    this.#gathered = [];
    this.#gatheredBytes = 0;
    this.#over.abort();
    this.#notifyRoom();
    this.#options.onOver(this.#ending ?? "done");
  }
}
