/**
 * Open streams at a change of the rules: each is authorized again, and ends if it is no longer allowed.
 *
 * 1. A stream is judged by its last request. Its next message is authorized on arrival.
 * 2. Other work gets a turn between them, for any number of streams.
 * 3. If the rules change again meanwhile, all are checked once more.
 */
import { errorFromUnknown, sleep, type Timers } from "@tutti/kernel";
import type { ServerCall } from "../server/server-call.ts";

/** Notifies of changes of the rules. */
export interface RuleChanges {
  onRulesChanged(listener: () => void): void;
}

/** Throws, or rejects, if a stream would not be allowed now. */
export type Redecide = (call: ServerCall) => Promise<void> | undefined;

const batchMax = 200;

export class OpenStreams {
  readonly #timers: Timers;
  readonly #streams = new Map<ServerCall, Redecide>();
  #changes = 0;
  #isChecking = false;

  constructor(changes: RuleChanges | undefined, timers: Timers) {
    this.#timers = timers;
    changes?.onRulesChanged(() => {
      this.#changes++;
      if (!this.#isChecking) void this.#recheck();
    });
  }

  add(call: ServerCall, redecide: Redecide): void {
    this.#streams.set(call, redecide);
  }

  delete(call: ServerCall): void {
    this.#streams.delete(call);
  }

  async #recheck(): Promise<void> {
    this.#isChecking = true;
    for (let checkedChanges = -1; checkedChanges !== this.#changes; ) {
      checkedChanges = this.#changes;
      let checked = 0;
      for (const [call, redecide] of this.#streams) {
        if (++checked % batchMax === 0) await sleep(this.#timers, 0);
        if (call.over) continue;
        try {
          await redecide(call);
        } catch (error) {
          call.stop(errorFromUnknown(error));
        }
      }
    }
    this.#isChecking = false;
  }
}
