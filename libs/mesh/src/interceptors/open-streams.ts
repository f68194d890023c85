/**
 * Streams that are open while the rules change by which they were let in: each is decided on again, and ends where it
 * would not be let in any more.
 *
 * 1. A stream is judged by what it asked last. What its next message asks is decided when that comes.
 * 2. However many there are, others get their turn between them.
 * 3. Where the rules change again meanwhile, all are looked at once more.
 */
import { errorFromUnknown, sleep, type Timers } from "@tutti/kernel";
import type { ServerCall } from "../server/server-call.ts";

/** Tells that what is decided by has changed. */
export interface RuleChanges {
  onRulesChanged(listener: () => void): void;
}

/** Throws, or rejects, where a stream would not be let in now. */
export type Redecide = (call: ServerCall) => Promise<void> | undefined;

const atOnceMax = 200;

export class OpenStreams {
  readonly #timers: Timers;
  readonly #streams = new Map<ServerCall, Redecide>();
  #changes = 0;
  #isLooking = false;

  constructor(changes: RuleChanges | undefined, timers: Timers) {
    this.#timers = timers;
    changes?.onRulesChanged(() => {
      this.#changes++;
      if (!this.#isLooking) void this.#recheck();
    });
  }

  add(call: ServerCall, redecide: Redecide): void {
    this.#streams.set(call, redecide);
  }

  delete(call: ServerCall): void {
    this.#streams.delete(call);
  }

  async #recheck(): Promise<void> {
    this.#isLooking = true;
    for (let seen = -1; seen !== this.#changes; ) {
      seen = this.#changes;
      let looked = 0;
      for (const [call, redecide] of this.#streams) {
        if (++looked % atOnceMax === 0) await sleep(this.#timers, 0);
        if (call.over) continue;
        try {
          await redecide(call);
        } catch (error) {
          call.stop(errorFromUnknown(error));
        }
      }
    }
    this.#isLooking = false;
  }
}
