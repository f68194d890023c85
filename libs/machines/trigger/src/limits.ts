/** Bounds of everything in a trigger that could grow. */
export const idLengthMax = 120;
export const labelsMax = 64;
export const textLengthMax = 4_096;
export const runBytesMax = 1_100_000;
/** Events in one command. */
export const itemsMax = 1_000;
/** Groups of events that wait for debounce or batch. */
export const groupsMax = 10_000;
/** Runs that wait for a throttle, or for others to end. */
export const waitingMax = 10_000;
/** Bytes of the events that wait, and of those whose runs are being started. */
export const heldBytesMax = 16 * 1_048_576;
/** Runs that one effect starts. */
export const batchMax = 500;
/** Keys that are remembered as seen. */
export const seenMax = 100_000;
/** Time for which a key is remembered if the run id does not show it and the trigger has no window. */
export const rememberMs = 600_000;
/** Dead letters. The oldest are dropped first. */
export const deadMax = 1_000;
export const deadBytesMax = 4 * 1_048_576;
/** Activations that are kept for display. */
export const recentMax = 10;
/** Default wait of a batch for more events. */
export const batchWaitDefaultMs = 1_000;
/** Default maximum of a debounce, as a multiple of its duration. */
export const debounceMaxTimes = 10;
export const throttlePerDefaultMs = 1_000;
