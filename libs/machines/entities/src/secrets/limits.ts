/** Bounds of everything in the secrets that could grow. */
export const secretsMax = 5_000;
export const versionsMax = 100;
export const nameLengthMax = 200;
/** Maximum bytes of an encoded description. */
export const descriptionWeightMax = 128 * 1_024;
/** A sealed value: 64 KiB, and the overhead of sealing. */
export const valueWeightMax = 65_536 + 256;
/** Maximum bytes of all secrets together: a snapshot has 16 MiB. */
export const weightMax = 10 * 2 ** 20;
/** Maximum number of versions in one change or use. */
export const atOnceMax = 1_000;
export const minuteMs = 60_000;
