/** Bounds of everything in a schedule that could grow. */
export const rulesMax = 100;
export const exceptionsMax = 100;
export const intervalMinMs = 1_000;
export const jitterMaxMs = 366 * 86_400_000;
/** The end of the year 9999. */
export const momentMaxMs = 253_402_300_799_999;
/** Firings that wait for runs to end. */
export const waitingMax = 1_000;
/** Runs that have not ended. */
export const liveMax = 1_000;
/** Firings that are kept for display. */
export const recentMax = 10;
/** Maximum number of times of a backfill. */
export const backfillMax = 1_000;
/** Times that fire in one step. The next step continues. */
export const timesPerStepMax = 100;
/** Missed times that are counted one by one. */
export const missedCountMax = 10_000;
/** Default maximum lateness of a time that still fires. */
export const catchUpDefaultMs = 60_000;
export const labelsMax = 64;
export const textLengthMax = 4_096;
export const runBytesMax = 1_100_000;
