/** Bounds of everything in a lock that could grow, and what is meant by default. */
export const waitingMax = 10_000;
export const holdsMax = 100_000;
export const permitsMax = 1_000_000;
export const nameLengthMax = 500;
export const leaseDefaultMs = 30_000;
export const leaseMaxMs = 3_600_000;
export const waitMaxMs = 60_000;
export const priorityMax = 100;
/** How long a place in the line is kept while no caller asks for it. */
export const placeKeptMs = 10_000;
/** A moment that is noticed later than this was not watched: the holder could not renew either. */
export const unwatchedMs = 10_000;
/** By how much a point of priority lets one stand before others: as if it had come so much earlier. */
export const ageingMs = 60_000;
/** Grants, ends of leases and of waiting in one step. The next one takes those that are left. */
export const changesPerStepMax = 1_000;
/** How many are remembered that gave way, each for as long as a place is kept. */
export const gaveWayMax = 100;
/** Deadlocks in the book. */
export const deadlocksMax = 1_000;
/** Works of a circle that are named. */
export const circleMax = 100;
/**
 * How many numbers there are in a millisecond. Numbers follow the clock, so that they grow also when a lock restarts
 * that was forgotten, or comes back from a copy of before.
 */
export const numbersPerMs = 1_000;
