/**
 * Limits how many of the partitions that leave this process may go at the same time.
 *
 * 1. Loading competes for the receiver's cores, and each partition is without an owner as long as those that load next
 *    to it. So a few go at a time.
 * 2. The turn of a partition is over when the receiver reports it running, is gone or hands it on, or after a time
 *    limit: a process that stops must finish.
 */
import type { Clock, Timer, Timers } from "@tutti/kernel";
import { partitionKey } from "../table/entries.ts";
import type { Picture } from "../table/picture.ts";

interface Leaving {
  readonly service: string;
  readonly partition: number;
}

interface Departure extends Leaving {
  readonly to: string;
  /** The epoch under which this process holds it, or held it. */
  readonly epoch: number;
  readonly sinceMs: number;
}

export interface TurnsParts {
  readonly picture: Picture;
  readonly clock: Clock;
  readonly timers: Timers;
  /** A turn may be free: waiters must check again. */
  readonly over: () => void;
}

const concurrentMin = 2;
/** Share of the partitions of a service that goes at the same time. */
const concurrentShare = 1 / 8;
const turnMs = 1_000;

export class Turns {
  readonly #parts: TurnsParts;
  readonly #departures = new Map<string, Departure>();
  readonly #timers = new Set<Timer>();

  constructor(parts: TurnsParts) {
    this.#parts = parts;
  }

  /** Returns whether the partition may go now, one of `partitions` of its service. If so, it takes the turn. */
  tryAcquire(
    { service, partition }: Leaving,
    { to, epoch }: Pick<Departure, "to" | "epoch">,
    partitions: number,
  ): boolean {
    const { clock, timers, over } = this.#parts;
    const key = partitionKey(service, partition);
    this.#removeArrived();
    const concurrent = [...this.#departures].filter(
      ([other, going]) => other !== key && going.service === service,
    );
    if (concurrent.length >= Math.max(concurrentMin, Math.ceil(partitions * concurrentShare))) return false;
    this.#departures.set(key, { service, partition, to, epoch, sinceMs: clock.monotonic() });
    const timer = timers.after(turnMs, () => {
      this.#timers.delete(timer);
      over();
    });
    this.#timers.add(timer);
    return true;
  }

  stop(): void {
    for (const timer of this.#timers) timer.cancel();
  }

  #removeArrived(): void {
    const nowMs = this.#parts.clock.monotonic();
    for (const [key, going] of this.#departures)
      if (nowMs - going.sinceMs >= turnMs || this.#isThere(going)) this.#departures.delete(key);
  }

  #isThere({ service, partition, to, epoch }: Departure): boolean {
    const { picture } = this.#parts;
    const entry = picture.assignment(service, partition);
    // It has not left yet, or the table of this process is behind.
    if (entry === undefined || entry.epoch <= epoch) return false;
    const receiver = entry.owner === to ? picture.holder(to) : undefined;
    return receiver === undefined || receiver.loads.get(service)?.has(partition) === true;
  }
}
