/**
 * The breaker of an agent. An agent that fails every task is the first to be free again, and would get most
 * tasks.
 *
 *     closed ── too many failures in a row ──► open ── pause ──► on trial ── success ──► closed
 *                                               ▲                   │
 *                                               └───── failure ─────┘  for longer
 *
 * 1. An error that is not retryable is the fault of the task and does not count.
 * 2. On trial the agent is given one attempt at a time.
 */
import { Hold } from "@tutti/contracts/agent/v1";
import { type Backoff, backoffBoundMs } from "@tutti/kernel";

const backoff: Backoff = { firstMs: 1_000, maxMs: 60_000 };

export class Breaker {
  /** Failed attempts since the last success. */
  #failures = 0;
  /** How often the breaker was opened in a row. */
  #row = 0;
  #isOnTrial = false;

  get failures(): number {
    return this.#failures;
  }

  get isOnTrial(): boolean {
    return this.#isOnTrial;
  }

  /** Records a success. */
  close(): void {
    this.#failures = 0;
    this.#row = 0;
    this.#isOnTrial = false;
  }

  /**
   * Records a failure. Returns whether to open the breaker: after `failuresMax` failures, on trial at once.
   */
  fails(failuresMax: number): boolean {
    this.#failures++;
    // If the caller may not open the breaker, the next request follows after as many more failures.
    return this.#isOnTrial || this.#failures % failuresMax === 0;
  }

  /** Opens the breaker and returns for how long. */
  open(): number {
    this.#isOnTrial = false;
    return backoffBoundMs(backoff, ++this.#row);
  }

  /** Starts the trial after the pause. */
  startTrial(): void {
    this.#isOnTrial = true;
  }
}

interface HeldAgent {
  readonly hold: Hold;
  readonly used: number;
  readonly slots: number;
}

/** Returns whether an agent would have room if its breaker were closed. */
export function isBroken({ hold, used, slots }: HeldAgent): boolean {
  return hold === Hold.HOLD_FAILING && used < slots;
}
