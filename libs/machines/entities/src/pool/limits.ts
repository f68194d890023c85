/** Bounds of everything in a pool that could grow. */
export const limitsMax = 10_000;
export const hooksMax = 100;
export const scalersMax = 100;
export const inboxesMax = 1_000;
export const holdsMax = 10_000;
export const nameLengthMax = 200;
export const textLengthMax = 4_096;
/** Maximum bytes of an encoded hook, scaler, limit, or of the settings. */
export const bytesMax = 1_000_000;
export const slowStartMaxMs = 86_400_000;
/** Decisions of one scaler, crashed programs, and periods of 15 minutes with arriving tasks: a week. */
export const scalingsMax = 100;
export const crashesMax = 1_000;
export const arrivalsMax = 672;
/** Maximum number of notes about scalers in one request. */
export const notedMax = 1_000;
/** Limits with reserved starts. The oldest reservations are removed. */
export const reservedLimitsMax = 100_000;
