/** Bounds of everything in a pool that could grow. */
export const limitsMax = 10_000;
export const hooksMax = 100;
export const scalersMax = 100;
export const inboxesMax = 1_000;
export const holdsMax = 10_000;
export const nameLengthMax = 200;
export const textLengthMax = 4_096;
/** What one hook, scaler, limit or the pool itself may weigh, encoded. */
export const bytesMax = 1_000_000;
export const slowStartMaxMs = 86_400_000;
/** Of what one scaler decided, crashed programs, and stretches of 15 minutes in which tasks came: a week. */
export const scalingsMax = 100;
export const crashesMax = 1_000;
export const arrivalsMax = 672;
/** What may be noted of scalers at once. */
export const notedMax = 1_000;
