/** Bounds of everything in a pool that could grow. */
export const limitsMax = 10_000;
export const hooksMax = 100;
export const scalersMax = 100;
export const holdsMax = 10_000;
export const nameLengthMax = 200;
export const textLengthMax = 4_096;
/** What one hook, scaler, limit or the pool itself may weigh, encoded. */
export const bytesMax = 1_000_000;
export const slowStartMaxMs = 86_400_000;
