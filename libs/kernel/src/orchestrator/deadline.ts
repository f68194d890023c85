import type { Timer, Timers } from "../ports/timers.ts";

export interface DeadlineOptions<T> {
  readonly timers: Timers;
  /** Infinity for none. */
  readonly timeoutMs: number;
  /** Makes the error of a missed deadline, which is also the reason the operation's signal is aborted with. */
  readonly timedOut: () => Error;
  /** Aborted when the result is no longer wanted. */
  readonly signal?: AbortSignal | undefined;
  /** How long the operation may continue after `signal` is aborted, so that it can end in its own way. Default 0. */
  readonly graceMs?: number;
  /** Told what became of an operation that was given up: a late result may have to be undone. */
  readonly late?: (outcome: PromiseSettledResult<T>) => void;
}

/**
 * Runs an operation for a limited time: it settles with the operation, or rejects when the deadline passes or the
 * signal is aborted, whichever is first. The operation gets its own signal. If it does not listen it runs on, and
 * `late` hears of its end. It is called even if the signal is aborted already: stopping still has to be tried.
 */
export function withDeadline<T>(
  operation: (signal: AbortSignal) => T | Promise<T>,
  { timers, timeoutMs, timedOut, signal, graceMs = 0, late }: DeadlineOptions<T>,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const own = new AbortController();
    let given = false;
    const settle = (): boolean => {
      if (given) return false;
      given = true;
      deadline?.cancel();
      signal?.removeEventListener("abort", giveUp);
      return true;
    };
    const abandon = (reason: unknown): void => {
      if (settle()) reject(reason);
    };
    const giveUp = (): void => {
      own.abort(signal?.reason);
      deadline?.cancel();
      if (graceMs > 0) deadline = unlessEndless(graceMs, () => abandon(signal?.reason));
      else abandon(signal?.reason);
    };
    const unlessEndless = (delayMs: number, callback: () => void): Timer | undefined =>
      delayMs === Number.POSITIVE_INFINITY ? undefined : timers.after(delayMs, callback);
    let deadline = unlessEndless(timeoutMs, () => {
      const error = timedOut();
      abandon(error);
      own.abort(error);
    });
    signal?.addEventListener("abort", giveUp, { once: true });
    const running = new Promise<T>((done) => done(signalled(operation, own, signal)));
    running.then(
      (value) => (settle() ? resolve(value) : late?.({ status: "fulfilled", value })),
      (reason: unknown) => (settle() ? reject(reason) : late?.({ status: "rejected", reason })),
    );
    if (signal?.aborted) giveUp();
  });
}

function signalled<T>(
  operation: (signal: AbortSignal) => T | Promise<T>,
  own: AbortController,
  signal: AbortSignal | undefined,
): T | Promise<T> {
  if (signal?.aborted) own.abort(signal.reason);
  return operation(own.signal);
}
