/** Bounds of everything in it that could grow. */
export const secretsMax = 5_000;
export const versionsMax = 100;
export const nameLengthMax = 200;
/** What a description may weigh, encoded. */
export const descriptionWeightMax = 128 * 1_024;
/** A sealed value: 64 KiB, and what sealing adds. */
export const valueWeightMax = 65_536 + 256;
/** What all together may weigh: a snapshot has 16 MiB. */
export const weightMax = 10 * 2 ** 20;
/** Of one change or use. */
export const atOnceMax = 1_000;
export const minuteMs = 60_000;
