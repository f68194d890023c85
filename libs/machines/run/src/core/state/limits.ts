/** Bounds of everything in a run that could grow, and the defaults. */

/** Nodes of a run, including all rounds and entries. */
export const nodesMax = 1_000_000;
/** Entries of one list. */
export const entriesMax = 100_000;
/** Entries of one list whose entries start together. */
export const gangEntriesMax = 100;
/** Signals that are kept until a task waits for them. */
export const signalsMax = 1_000;
/** Events that a run remembers, so that none is received twice. */
export const eventsSeenMax = 1_000;
/** Bytes of inputs and outputs that a run keeps in all. Larger ones belong into the blob store. */
export const storedBytesMax = 12 * 1024 * 1024;
/**
 * Transitions of states that follow from one event of a run, without a signal, a timer or a reply in between.
 */
export const transitionsAtOnceMax = 100;
/** Steps of the check of tasks that a result adds. Enough for about 15,000 tasks. */
export const spawnStepsMax = 500_000;
/** Bytes of all variables of a run, as JSON. */
export const varsBytesMax = 1024 * 1024;
/** Bytes of all values of a keyed object, as JSON: each call contains them. */
export const objectStateBytesMax = 512 * 1024;
/** Reports that a gate that sends work back keeps. Its error contains them. */
export const reportsMax = 10;
export const priorityMax = 200;
/** Tasks with a failed compensation that the error of the run names. */
export const undoFailuresNamedMax = 20;
