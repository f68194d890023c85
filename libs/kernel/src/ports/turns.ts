/** Runs a function soon, after current work and work that has arrived meanwhile. A simulation decides the time. */
export type Defer = (run: () => void) => void;

export const systemDefer: Defer = (run) => {
  setImmediate(run);
};

/** Number of rounds after a crowd that wait for everything that arrives, before a single run is prompt again. */
const crowdRounds = 16;

/**
 * Runs the first function of a turn of the event loop as soon as the current callback ends. The second waits until all
 * others of that turn have arrived. So a single message does not wait for a turn, and many are still handled together.
 */
export function promptDefer(atOnce: Defer = queueMicrotask, later: Defer = systemDefer): Defer {
  let crowded = 0;
  let isScheduled = false;
  return (run) => {
    if (isScheduled) crowded = crowdRounds;
    if (crowded > 0) {
      crowded--;
      return later(run);
    }
    isScheduled = true;
    later(() => {
      isScheduled = false;
    });
    atOnce(run);
  };
}

/** Waits for a turn of other work. */
export function turnForOthers(defer: Defer = systemDefer): Promise<void> {
  return new Promise((resolve) => defer(resolve));
}

/** Runs work in slices, with a turn for other work between them. Returns its result. */
export async function inTurns<T>(slices: Iterator<unknown, T>, defer: Defer = systemDefer): Promise<T> {
  for (;;) {
    const { done, value } = slices.next();
    if (done) return value;
    await turnForOthers(defer);
  }
}
