/** Runs something soon, after what is under way and after what has arrived meanwhile. A simulation decides when. */
export type Defer = (run: () => void) => void;

export const systemDefer: Defer = (run) => {
  setImmediate(run);
};
