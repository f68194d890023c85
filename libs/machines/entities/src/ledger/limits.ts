/** Bounds of everything in a ledger that could grow, and its times. */
export const quotasMax = 1_000;
export const reservationsMax = 10_000;
export const poolsMax = 10_000;
export const idLengthMax = 200;
export const nameLengthMax = 100;
export const bytesMax = 65_536;
/** Time for which a pool has its parts without another request. */
export const leaseMs = 60_000;
/**
 * Time before the start of a reservation at which pools are notified: they repeat their requests at a shorter
 * interval.
 */
export const noticeMs = 60_000;
/** Maximum duration of a reservation, and of the time until it starts. */
export const aheadMaxMs = 366 * 86_400_000;
