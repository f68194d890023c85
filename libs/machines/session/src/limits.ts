/** Bounds of everything in a session that could grow. */

export const tasksMax = 100_000;
/** Bytes of inputs and outputs that a session keeps in all. Larger ones belong into the blob store. */
export const storedBytesMax = 24 * 1024 * 1024;
/** Dependencies of a session. */
export const dependenciesMax = 100;
/** Parts, including those that have ended. */
export const partsMax = 1_000;
/** Choices and moves that stay in the state. The history has all. */
export const choicesMax = 100;
export const movesMax = 10_000;
/** Pending operations of a part. */
export const operationsMax = 10_000;
/** Maximum bytes of notes about agents. Later notes are not kept. */
export const agentsSeenBytesMax = 256 * 1024;
/** Maximum number of signals that wait for the first part. */
export const signalsMax = 1_000;
/** Pauses that are distinguished from other waits: the latest. */
export const pausesMax = 1_000;
