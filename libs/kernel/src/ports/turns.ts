/** Runs something soon, after what is under way and after what has arrived meanwhile. A simulation decides when. */
export type Defer = (run: () => void) => void;

export const systemDefer: Defer = (run) => {
  setImmediate(run);
};

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
