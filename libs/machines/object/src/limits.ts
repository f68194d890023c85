/** Bounds of everything in an object that could grow. What its values may have is decided by the run that sets them. */
/** Calls that wait for one object. */
export const waitingMax = 10_000;
/** When a call that found no room asks again. */
export const retryAfterMs = 1_000;
/** Ended calls that are kept to be shown. */
export const recentMax = 20;
