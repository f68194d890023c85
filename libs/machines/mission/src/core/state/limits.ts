/** Bounds of everything in a mission that could grow, and the defaults. */

/** Default maximum of tasks of a mission. */
export const tasksDefault = 100_000;
/** Bytes of specifications, inputs and outputs that a mission keeps in all. Larger ones belong into the blob store. */
export const storedBytesMax = 24 * 1024 * 1024;
/** Entries of the blackboard, removed ones included, and the bytes of their values. */
export const entriesMax = 100_000;
export const boardBytesMax = 8 * 1024 * 1024;
/** Messages that are kept, and their bytes: the oldest are dropped. */
export const messagesMax = 10_000;
export const messageBytesMax = 4 * 1024 * 1024;
export const participantsMax = 10_000;
export const votesMax = 1_000;
/** Reservations that are open at the same time. */
export const reservationsMax = 10_000;
/** Decided questions that are kept for display. */
export const retainedQuestionsMax = 1_000;
/** Handoffs of a task that are kept. */
export const handoffsMax = 20;
/** Keys that are counted to detect loops. */
export const seenMax = 4_096;
export const loopThresholdDefault = 10;
export const leaseDefaultMs = 60_000;
export const leaderLeaseDefaultMs = 15_000;
/**
 * The last activity of an agent is recorded again after this time. For a leader, a share of its lease counts
 * instead.
 */
export const heardAfterMs = 30_000;
export const depthDefault = 8;
/** Minimum time between evaluations of conditions on all tasks or on the whole board, if there are many. */
export const checkAfterMs = 1_000;
export const manyToCheck = 200;
/** Time between evaluations of conditions on the time. */
export const timeCheckMs = 10_000;
/** Steps that one condition may take. */
export const conditionStepsMax = 200_000;
/**
 * Waiting time that equals one point of priority, and the time before its due time at which a task becomes
 * urgent: the same as in pools.
 */
export const ageingMs = 60_000;
export const dueLeadMs = 600_000;
