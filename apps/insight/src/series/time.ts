/** Time units of the store. Places are counted from 1970, so that they are the same in all processes. */

/** Interval between recorded samples. */
export const slotMs = 10_000;
export const minuteMs = 60_000;
export const hourMs = 3_600_000;
const dayMs = 24 * hourMs;

export const slotsOfMinute = minuteMs / slotMs;
export const slotsOfHour = hourMs / slotMs;
export const minutesOfHour = hourMs / minuteMs;
export const minutesOfDay = dayMs / minuteMs;

/** How long samples are kept, and which samples are rejected. */
export const retention = {
  /** For samples at 10 s. */
  fineMs: 2 * dayMs,
  /** For samples per minute. */
  coarseMs: 90 * dayMs,
  /** A sample further ahead comes from a wrong clock. */
  aheadMs: 5 * minuteMs,
  /** An hour is packed this long after its end. Later samples cost more. */
  graceMs: 5 * minuteMs,
} as const;

export const slotOf = (timeMs: number): number => Math.floor(timeMs / slotMs);
