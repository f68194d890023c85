/** Bounds of everything in a mission that could grow, and what is meant by default. */

/** Default maximum of tasks of a mission. */
export const tasksDefault = 100_000;
/** Bytes of specifications, inputs and outputs that a mission keeps in all. Larger ones belong into the blob store. */
export const keptBytesMax = 24 * 1024 * 1024;
/** Entries of the blackboard, removed ones included, and the bytes of their values. */
export const entriesMax = 100_000;
export const boardBytesMax = 8 * 1024 * 1024;
/** Messages that are kept, and their bytes: older ones go. */
export const messagesMax = 10_000;
export const messageBytesMax = 4 * 1024 * 1024;
export const participantsMax = 10_000;
export const votesMax = 1_000;
/** Reservations that are open at once. */
export const reservationsMax = 10_000;
/** Questions that were decided and are kept to be shown. */
export const questionsKept = 1_000;
/** Handoffs of a task that are kept. */
export const handoffsMax = 20;
/** Things that are looked for again in order to notice a circle. */
export const seenMax = 4_096;
export const loopThresholdDefault = 10;
export const leaseDefaultMs = 60_000;
export const leaderLeaseDefaultMs = 15_000;
/** An agent is noted as heard when it was not for so long. A leader's share of its lease counts instead. */
export const heardAfterMs = 30_000;
export const depthDefault = 8;
/** Conditions that look at all tasks or at the whole board are looked at so often at most, once there are many. */
export const checkAfterMs = 1_000;
export const manyToCheck = 200;
/** Conditions that look at the time are looked at so often. */
export const timeCheckMs = 10_000;
/** Steps that one condition may take. */
export const conditionStepsMax = 200_000;
/** How much waiting a point of priority is worth, and how far ahead of its due time a task is urgent: as pools have it. */
export const ageingMs = 60_000;
export const dueLeadMs = 600_000;
