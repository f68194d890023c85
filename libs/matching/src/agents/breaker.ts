/**
 * The breaker of an agent. An agent that fails every task is the first to be free again, and would get most tasks.
 *
 *     closed ── so many failed in a row ──► open ── pause ──► on trial ── one did well ──► closed
 *                                             ▲                  │
 *                                             └── it failed ─────┘  for longer
 *
 * 1. An error that is not retryable is the fault of the task: it does not count.
 * 2. On trial it is given one attempt at a time.
 */
import { Hold } from "@tutti/contracts/agent/v1";
import { type Backoff, backoffBoundMs } from "@tutti/kernel";

const backoff: Backoff = { firstMs: 1_000, maxMs: 60_000 };

export class Breaker {
  /** Attempts that failed since one did well. */
  #failures = 0;
  /** How often in a row it was opened. */
  #row = 0;
  #isOnTrial = false;

  get failures(): number {
    return this.#failures;
  }

  get isOnTrial(): boolean {
    return this.#isOnTrial;
  }

  /** An attempt did well. */
  close(): void {
    this.#failures = 0;
    this.#row = 0;
    this.#isOnTrial = false;
  }

  /** Returns an attempt failed. Gives whether it is time to open it: after so many, and on trial at once. */
  fails(failuresMax: number): boolean {
    this.#failures++;
    // Where it may not be opened that is asked again only after as many more.
    return this.#isOnTrial || this.#failures % failuresMax === 0;
  }

  /** Returns for how long it stays open. */
  open(): number {
    this.#isOnTrial = false;
    return backoffBoundMs(backoff, ++this.#row);
  }

  /** The pause is over. */
  tryAgain(): void {
    this.#isOnTrial = true;
  }
}

interface HeldAgent {
  readonly hold: Hold;
  readonly used: number;
  readonly slots: number;
}

/** Returns whether an agent would have room, were its breaker not open. */
export function isBroken({ hold, used, slots }: HeldAgent): boolean {
  return hold === Hold.HOLD_FAILING && used < slots;
}
