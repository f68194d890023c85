/**
 * All connections of readers that follow something: limits their number, checks each of them, and ends them with the
 * process.
 */
import { type Clock, errorFromUnknown, type Timer, type Timers, toProblem } from "@tutti/kernel";
import type { RealtimeSettings } from "../configuration.ts";
import { realtimeErrors } from "../errors.ts";
import type { ConnectionKind, RealtimeInstruments } from "../instruments.ts";
import type { StreamAccess } from "../require-allowed.ts";
import { Outflow } from "./outflow.ts";
import type { Pipe } from "./pipe.ts";

export interface ConnectionsParts {
  readonly settings: RealtimeSettings;
  readonly clock: Clock;
  readonly timers: Timers;
  readonly instruments: RealtimeInstruments;
}

export class Connections {
  readonly #parts: ConnectionsParts;
  readonly #open = new Map<Outflow, StreamAccess | undefined>();
  /** Admitted connections that are not open yet. */
  #opening = 0;
  #sweeping: Timer | undefined;
  #closing = false;

  constructor(parts: ConnectionsParts) {
    this.#parts = parts;
  }

  get size(): number {
    return this.#open.size;
  }

  /** Bytes that wait for all of their readers. */
  get bytes(): number {
    return [...this.#open.keys()].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Opens one more connection, which counts from here on. Throws before anything is sent if there are too many. */
  async admit<T>(open: () => Promise<T>): Promise<T> {
    const { connectionsMax } = this.#parts.settings;
    if (this.#closing) throw realtimeErrors.closing();
    if (this.#open.size + this.#opening >= connectionsMax)
      throw realtimeErrors.tooMany({ most: connectionsMax }, { retryAfterMs: 5_000 });
    this.#opening += 1;
    try {
      return await open();
    } finally {
      this.#opening -= 1;
    }
  }

  /** Ends connections whose readers have lost the right to read, with the reason. */
  review(): void {
    for (const [outflow, access] of this.#open)
      try {
        access?.requireAllowed();
      } catch (thrown) {
        const error = errorFromUnknown(thrown);
        // A missing decision is temporary.
        if (access === undefined || error.status === "UNAVAILABLE") continue;
        outflow.send(access.problem(toProblem(error)));
        outflow.end("refused");
      }
  }

  open(kind: ConnectionKind, pipe: Pipe, access?: StreamAccess): Outflow {
    const { settings, clock, instruments } = this.#parts;
    const { bufferBytesMax: bytesMax, heartbeatMs, stallMs } = settings;
    const counted = instruments.of(kind);
    const outflow: Outflow = new Outflow({
      pipe,
      bytesMax,
      heartbeatMs,
      stallMs,
      now: () => clock.monotonic(),
      onSent: (bytes) => counted.sent.add(bytes),
      onOver: (reason) => {
        this.#open.delete(outflow);
        counted.recordEnd(reason);
        if (this.#open.size === 0) this.#rest();
      },
    });
    this.#open.set(outflow, access);
    counted.opened();
    this.#sweeping ??= this.#parts.timers.every(Math.max(1, heartbeatMs / 4), () => {
      for (const each of this.#open.keys()) each.sweep();
    });
    return outflow;
  }

  /** Refuses new connections and ends open ones. Their readers reconnect, to another gateway or later. */
  close(): void {
    this.#closing = true;
    for (const outflow of this.#open.keys()) outflow.end("closing");
  }

  /** Cuts the connections that have not ended by then. */
  stop(): void {
    this.close();
    for (const outflow of this.#open.keys()) outflow.destroy("closing");
  }

  #rest(): void {
    this.#sweeping?.cancel();
    this.#sweeping = undefined;
  }
}
