/** Bounds of everything in a lock that could grow, and the defaults. */
export const waitingMax = 10_000;
export const holdsMax = 100_000;
export const permitsMax = 1_000_000;
export const nameLengthMax = 500;
export const leaseDefaultMs = 30_000;
export const leaseMaxMs = 3_600_000;
export const waitMaxMs = 60_000;
export const priorityMax = 100;
/** Time for which a place in the queue is kept without a new request. */
export const placeRetentionMs = 10_000;
/** A timer that fires later than this was not watched: the holder could not renew either. */
export const unwatchedMs = 10_000;
/** Waiting time that equals one point of priority. */
export const ageingMs = 60_000;
/** Maximum number of grants and of ended leases and waits in one step. The next step continues. */
export const changesPerStepMax = 1_000;
/** Maximum number of remembered victims, each for as long as a place is kept. */
export const gaveWayMax = 100;
/** Deadlocks that are kept. */
export const deadlocksMax = 1_000;
/** Works of a cycle that are named. */
export const circleMax = 100;
/**
 * Numbers per millisecond. Numbers follow the clock, so that they also grow if a lock restarts after it was
 * forgotten, or is restored from an earlier copy.
 */
export const numbersPerMs = 1_000;
