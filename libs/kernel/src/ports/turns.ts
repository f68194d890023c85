/** Runs something soon, after what is under way and after what has arrived meanwhile. A simulation decides when. */
export type Defer = (run: () => void) => void;

export const systemDefer: Defer = (run) => {
  setImmediate(run);
};

/** After a crowd, so many rounds wait for everything that arrives, before one tries again whether it is alone. */
const crowdRounds = 16;

/**
 * Runs the first of a turn of the event loop as soon as the current callback ends, and waits for all others of that turn
 * before it runs the second. So a message that is alone does not wait for a turn, and many at once are still handled together.
 */
export function promptDefer(atOnce: Defer = queueMicrotask, later: Defer = systemDefer): Defer {
  let crowded = 0;
  let isTaken = false;
  return (run) => {
    if (isTaken) crowded = crowdRounds;
    if (crowded > 0) {
      crowded--;
      return later(run);
    }
    isTaken = true;
    later(() => {
      isTaken = false;
    });
    atOnce(run);
  };
}

/** Waits until others had a turn. */
export function turnForOthers(defer: Defer = systemDefer): Promise<void> {
  return new Promise((resolve) => defer(resolve));
}

/** Runs work that yields between two slices, with a turn for others at each. Returns its result. */
export async function inTurns<T>(slices: Iterator<unknown, T>, defer: Defer = systemDefer): Promise<T> {
  for (;;) {
    const { done, value } = slices.next();
    if (done) return value;
    await turnForOthers(defer);
  }
}
