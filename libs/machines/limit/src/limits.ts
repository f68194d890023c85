/** Bounds of everything in a limit that could grow, and what is meant by default. */
export const waitingMax = 100_000;
export const holdsMax = 100_000;
export const sharesMax = 1_000;
export const weightMax = 1_000_000;
export const ticketsPerRenewalMax = 10_000;
export const nameLengthMax = 500;
/** A longer key is shown as its hash. */
export const keyNameLengthMax = 200;
export const textLengthMax = 4_096;
export const leaseDefaultMs = 60_000;
export const leaseMinMs = 1_000;
export const leaseMaxMs = 86_400_000;
/** Leases end at whole seconds, so that those of many end together. */
export const leaseStepMs = 1_000;
/** A lease that is noticed later than this was not watched: its holder could not renew it either. */
export const unwatchedMs = 10_000;
/** By how much a point of priority lets one stand before others: as if it had come so much earlier. */
export const ageingMs = 60_000;
/** Grants, ends of leases and of waiting in one step. The next one takes those that are left. */
export const changesPerStepMax = 1_000;
export const retryAfterMs = 1_000;
