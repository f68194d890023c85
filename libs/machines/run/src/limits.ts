/** Bounds of everything in a run that could grow, and what is meant where nothing is said. */

/** Nodes of a run, those of all rounds and entries included. */
export const nodesMax = 1_000_000;
/** Entries of one list. */
export const entriesMax = 100_000;
/** Signals that are kept until somebody asks for them. */
export const signalsMax = 1_000;
/** Nodes that are begun in one step; the next one begins those that are left. */
export const changesPerStepMax = 1_000;
/** Bytes of inputs that one step writes, but for the last one. */
export const bytesPerStepMax = 512 * 1024;
/** Steps of expressions that one step of the run takes, but for the last expression: some 20 ms. */
export const evaluationsPerStepMax = 200_000;
/** How long a run pauses between two steps when it has more to do: others get their turn. */
export const putOffMs = 1;
/** Greatest value that an expression may give, as JSON, in bytes. */
export const valueBytesMax = 1024 * 1024;
/** Bytes of inputs and outputs that a run keeps in all; larger ones belong into the blob store. */
export const keptBytesMax = 12 * 1024 * 1024;
/** Characters of an error's message; longer ones are cut. */
export const messageLengthMax = 4_096;
/** Details of an error, and the length of each. */
export const detailsMax = 32;
export const detailLengthMax = 1_024;
/** How deep causes of an error are kept. */
export const causesMax = 8;
/** Transitions of states that follow from one thing that happens to a run, without a signal, a time or an answer in between. */
export const transitionsAtOnceMax = 100;
/** Steps of the check of tasks that a result adds: some 15,000 tasks. */
export const spawnStepsMax = 500_000;
/** Bytes of all variables of a run, as JSON. */
export const varsBytesMax = 1024 * 1024;
/** Reports that are kept of a gate that sends work back; its error has them. */
export const reportsMax = 10;
/** Failed attempts of a task that are kept at hand; the history has all. */
export const failuresMax = 20;
/** Attempts of one visit that may lose their worker: with the last of them the task is given up. */
export const lostMax = 10;
/** The code with which a pool says that an attempt lost its worker. */
export const lostCode = "matching.lost";
/** Characters of what is kept of each loss. */
export const lossLengthMax = 200;
/** Attempts of a node in all, as tokens count them. */
export const attemptsMax = 1_000_000;
/** Bytes that an attempt may save for the next one. */
export const savedBytesMax = 65_536;
export const labelsMax = 64;
export const labelLengthMax = 256;
export const reasonLengthMax = 4_096;
export const priorityMax = 200;
/** Tasks whose failed undoing is told by name in the error of the run. */
export const undoFailuresNamedMax = 20;
