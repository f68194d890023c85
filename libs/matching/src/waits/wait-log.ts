/** Why tasks with the same demand waited, in sequence. It is the same for all of them, so it is kept once. */
import { WaitCause } from "@tutti/contracts/types/v1";

const entriesMax = 64;
const { WAIT_CAUSE_UNSPECIFIED } = WaitCause;

export interface WaitInterval {
  readonly cause: WaitCause;
  readonly fromMs: number;
  readonly toMs: number;
}

export class WaitLog {
  readonly #causes: WaitCause[] = [];
  readonly #fromMs: number[] = [];

  /** Whether a task waited at the last check. */
  get isOpen(): boolean {
    return (this.#causes.at(-1) ?? WAIT_CAUSE_UNSPECIFIED) !== WAIT_CAUSE_UNSPECIFIED;
  }

  /** Records the cause from now on. Unspecified if no task waits. */
  record(cause: WaitCause, nowMs: number): void {
    if ((this.#causes.at(-1) ?? WAIT_CAUSE_UNSPECIFIED) === cause) return;
    this.#causes.push(cause);
    this.#fromMs.push(nowMs);
    if (this.#causes.length <= entriesMax) return;
    this.#causes.shift();
    this.#fromMs.shift();
  }

  /** Returns the known causes between two times. */
  between(fromMs: number, toMs: number): WaitInterval[] {
    const intervals: WaitInterval[] = [];
    for (const [at, cause] of this.#causes.entries()) {
      const from = Math.max(fromMs, this.#fromMs[at] ?? fromMs);
      const to = Math.min(toMs, this.#fromMs[at + 1] ?? toMs);
      if (cause !== WAIT_CAUSE_UNSPECIFIED && from < to) intervals.push({ cause, fromMs: from, toMs: to });
    }
    return intervals;
  }
}
