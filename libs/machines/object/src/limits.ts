/** Bounds of everything in an object that could grow. The run that sets its values enforces their bounds. */
/** Calls that wait for one object. */
export const waitingMax = 10_000;
/** Time after which a call that found no room asks again. */
export const retryAfterMs = 1_000;
/** Ended calls that are kept for display. */
export const recentMax = 20;
