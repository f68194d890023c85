/**
 * Hands on records in batches. The first waiting record schedules a flush, and a flush that leaves records behind
 * schedules the next.
 *
 * 1. One scheduled flush runs at a time.
 * 2. After the stop none is scheduled.
 */
import type { Timer, Timers } from "@tutti/kernel";

export interface FlusherParts {
  readonly timers: Timers;
  /** Maximum time that a record waits for a flush. */
  readonly everyMs: number;
  /** Hands on the waiting records, and keeps those that are not accepted. Does not reject. */
  readonly flush: () => Promise<void>;
  readonly isEmpty: () => boolean;
}

export class Flusher {
  readonly #parts: FlusherParts;
  #timer: Timer | undefined;
  #running: Promise<void> | undefined;
  #isStopped = false;

  constructor(parts: FlusherParts) {
    this.#parts = parts;
  }

  /** The scheduled flush that is running. */
  get running(): Promise<void> | undefined {
    return this.#running;
  }

  /** A record waits. */
  schedule(): void {
    if (this.#timer !== undefined || this.#isStopped) return;
    const { timers, everyMs, flush, isEmpty } = this.#parts;
    this.#timer = timers.after(everyMs, () => {
      this.#running = flush().finally(() => {
        this.#running = undefined;
        this.#timer = undefined;
        if (!isEmpty()) this.schedule();
      });
    });
  }

  /** Stops, and waits for a flush that is running. */
  async stop(): Promise<void> {
    this.#isStopped = true;
    this.#timer?.cancel();
    await this.#running;
  }

  /** Stops with a last flush, unless one is running. */
  async flushAndStop(): Promise<void> {
    const last = this.#running ?? this.#parts.flush();
    await this.stop();
    await last;
  }
}
