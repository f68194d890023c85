/**
 * All connections of those who follow something: how many there may be, that each is looked after, and that all end
 * with the process.
 */
import type { Clock, Timer, Timers } from "@tutti/kernel";
import type { RealtimeSettings } from "../configuration.ts";
import { realtimeErrors } from "../errors.ts";
import type { ConnectionKind, RealtimeInstruments } from "../instruments.ts";
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
  readonly #open = new Set<Outflow>();
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
    return [...this.#open].reduce((sum, { bytes }) => sum + bytes, 0);
  }

  /** Throws when there is no room for one more. Called before anything is answered. */
  admit(): void {
    const { connectionsMax } = this.#parts.settings;
    if (this.#closing) throw realtimeErrors.closing();
    if (this.#open.size >= connectionsMax)
      throw realtimeErrors.tooMany({ most: connectionsMax }, { retryAfterMs: 5_000 });
  }

  open(kind: ConnectionKind, pipe: Pipe): Outflow {
    const { settings, clock, instruments } = this.#parts;
    const { bufferBytesMax: bytesMax, heartbeatMs, stallMs } = settings;
    const counted = instruments.of(kind);
    const outflow: Outflow = new Outflow({
      ...{ pipe, bytesMax, heartbeatMs, stallMs },
      now: () => clock.monotonic(),
      onSent: (bytes) => counted.sent.add(bytes),
      onOver: (why) => {
        this.#open.delete(outflow);
        counted.ended(why);
        if (this.#open.size === 0) this.#rest();
      },
    });
    this.#open.add(outflow);
    counted.opened();
    this.#sweeping ??= this.#parts.timers.every(Math.max(1, heartbeatMs / 4), () => {
      for (const each of this.#open) each.sweep();
    });
    return outflow;
  }

  /** Lets none in any more, and ends those that are open: they come again elsewhere, or later. */
  close(): void {
    this.#closing = true;
    for (const outflow of this.#open) outflow.end("closing");
  }

  /** What has not ended by now is cut. */
  stop(): void {
    this.close();
    for (const outflow of this.#open) outflow.cut("closing");
  }

  #rest(): void {
    this.#sweeping?.cancel();
    this.#sweeping = undefined;
  }
}
