/** How long an output is kept at most, whatever is asked for: a year. */
export const ttlMaxMs = 366 * 86_400_000;
