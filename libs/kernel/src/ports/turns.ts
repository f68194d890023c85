/** Runs something soon, after what is under way and after what has arrived meanwhile. A simulation decides when. */
export type Defer = (run: () => void) => void;

export const systemDefer: Defer = (run) => {
  setImmediate(run);
};

/** Runs work that yields between two slices, with a turn for others at each. Returns its result. */
export async function inTurns<T>(slices: Iterator<unknown, T>, defer: Defer = systemDefer): Promise<T> {
  for (;;) {
    const { done, value } = slices.next();
    if (done) return value;
    await new Promise<void>((resolve) => defer(resolve));
  }
}
