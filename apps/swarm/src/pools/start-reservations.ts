/**
 * Stores the starts that rates of pools pay for, before they happen. A pool has one request at a time: starts that
 * come meanwhile are sent with the next one. A failed request is repeated while the pool is owned here.
 */
import { errorFromUnknown, type Logger, type Timers } from "@tutti/kernel";
import type { Pool, ReservedStarts } from "@tutti/matching";

export interface StartReservationsParts {
  /** Resolves when the starts are durable. */
  readonly store: (pool: Pool, starts: ReservedStarts[]) => Promise<unknown>;
  /** Called when starts are durable. */
  readonly onStored: (pool: Pool, starts: readonly ReservedStarts[]) => void;
  readonly isOwned: (pool: Pool) => boolean;
  readonly timers: Timers;
  readonly logger: Logger;
}

const retryMs = 1_000;

export class StartReservations {
  readonly #parts: StartReservationsParts;
  /** Starts to store, by limit. */
  readonly #waiting = new Map<Pool, Map<string, ReservedStarts>>();
  /** Pools with a request, or with a failed request that will be repeated. */
  readonly #busy = new Set<Pool>();

  constructor(parts: StartReservationsParts) {
    this.#parts = parts;
  }

  reserve(pool: Pool, starts: readonly ReservedStarts[]): void {
    const waiting = this.#waiting.get(pool) ?? new Map<string, ReservedStarts>();
    for (const reserved of starts) waiting.set(reserved.limit, reserved);
    this.#waiting.set(pool, waiting);
    if (!this.#busy.has(pool)) this.#send(pool);
  }

  #send(pool: Pool): void {
    const { store, onStored, isOwned } = this.#parts;
    const waiting = this.#waiting.get(pool);
    this.#waiting.delete(pool);
    this.#busy.delete(pool);
    if (waiting === undefined || !isOwned(pool)) return;
    this.#busy.add(pool);
    const starts = [...waiting.values()];
    store(pool, starts).then(
      () => {
        onStored(pool, starts);
        this.#send(pool);
      },
      (thrown: unknown) => this.#retry(pool, starts, thrown),
    );
  }

  #retry(pool: Pool, starts: readonly ReservedStarts[], thrown: unknown): void {
    const { logger, timers } = this.#parts;
    const { namespace, name } = pool;
    const error = errorFromUnknown(thrown);
    logger.warn("failed to store the starts of limits, retrying", { namespace, pool: name, error });
    const newer = this.#waiting.get(pool) ?? [];
    this.#waiting.set(pool, new Map([...starts.map((each) => [each.limit, each] as const), ...newer]));
    timers.after(retryMs, () => this.#send(pool));
  }
}
