import type { Timer, Timers } from "../ports/timers.ts";

export interface DeadlineOptions<T> {
  readonly timers: Timers;
  /** Infinity for none. */
  readonly timeoutMs: number;
  /** Returns the error of a missed deadline, which is also the abort reason of the operation's signal. */
  readonly timedOut: () => Error;
  /** Aborted when the result is no longer needed. */
  readonly signal?: AbortSignal | undefined;
  /** How long the operation may continue after `signal` is aborted, so that it can end by itself. Default: 0. */
  readonly graceMs?: number;
  /** Called with the outcome of an abandoned operation: a late result may have to be undone. */
  readonly late?: (outcome: PromiseSettledResult<T>) => void;
}

/**
 * Runs an operation for a limited time. It settles with the operation, or rejects when the deadline passes or the
 * signal is aborted, whichever is first. The operation gets its own signal. If it ignores the signal it continues, and
 * `late` is called at its end. It is started even if the signal is aborted already, because a stop must always be
 * tried.
 */
export function withDeadline<T>(
  operation: (signal: AbortSignal) => T | Promise<T>,
  { timers, timeoutMs, timedOut, signal, graceMs = 0, late }: DeadlineOptions<T>,
): Promise<T> {
  return new Promise<T>((resolve, reject) => {
    const own = new AbortController();
    let isSettled = false;
    const settle = (): boolean => {
      if (isSettled) return false;
      isSettled = true;
      deadline?.cancel();
      signal?.removeEventListener("abort", abortWork);
      return true;
    };
    const abandon = (reason: unknown): void => {
      if (settle()) reject(reason);
    };
    const abortWork = (): void => {
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
    signal?.addEventListener("abort", abortWork, { once: true });
    const running = new Promise<T>((done) => done(signalled(operation, own, signal)));
    running.then(
      (value) => (settle() ? resolve(value) : late?.({ status: "fulfilled", value })),
      (reason: unknown) => (settle() ? reject(reason) : late?.({ status: "rejected", reason })),
    );
    if (signal?.aborted) abortWork();
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
