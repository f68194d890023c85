/** Bounds of everything in a trigger that could grow. */
export const idLengthMax = 120;
export const labelsMax = 64;
export const textLengthMax = 4_096;
export const runBytesMax = 1_100_000;
/** Events that one command hands over. */
export const itemsMax = 1_000;
/** Groups of events that wait for debounce or batch. */
export const groupsMax = 10_000;
/** Runs that wait for a throttle, or for others to end. */
export const waitingMax = 10_000;
/** Bytes of the events that wait or whose runs are being started. */
export const heldBytesMax = 16 * 1_048_576;
/** Runs that one effect starts. */
export const batchMax = 500;
/** Keys that count as seen. */
export const seenMax = 100_000;
/** How long a key counts as seen where a run does not say it, and the trigger states no window. */
export const rememberMs = 600_000;
/** Dead letters. The oldest give way. */
export const deadMax = 1_000;
export const deadBytesMax = 4 * 1_048_576;
/** Activations that are kept to be shown. */
export const recentMax = 10;
/** How long a batch waits for more, by default. */
export const batchWaitDefaultMs = 1_000;
/** Debounce ends after so many times its own length, by default. */
export const debounceMaxTimes = 10;
export const throttlePerDefaultMs = 1_000;
