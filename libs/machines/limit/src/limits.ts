/** Bounds of everything in a limit that could grow, and the defaults. */
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
/** Leases end at whole seconds, so that many end together. */
export const leaseStepMs = 1_000;
/** A lease whose end is noticed later than this was not watched: its holder could not renew it either. */
export const unwatchedMs = 10_000;
/** Waiting time that equals one point of priority. */
export const ageingMs = 60_000;
/** Maximum number of grants and of ended leases and waits in one step. The next step continues. */
export const changesPerStepMax = 1_000;
export const retryAfterMs = 1_000;
