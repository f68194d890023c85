/** Bounds of everything in a ledger that could grow, and its times. */
export const quotasMax = 1_000;
export const reservationsMax = 10_000;
export const poolsMax = 10_000;
export const idLengthMax = 200;
export const nameLengthMax = 100;
export const bytesMax = 65_536;
/** How long a pool has its parts without asking again. */
export const leaseMs = 60_000;
/** So long before it starts, pools hear of a reservation: they ask again sooner than that. */
export const noticeMs = 60_000;
/** No reservation is longer, or further away. */
export const aheadMaxMs = 366 * 86_400_000;
