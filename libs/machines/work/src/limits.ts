/** Bounds that runs, missions and sessions share. */

/** Tasks that one step starts. The next step starts the others. */
export const changesPerStepMax = 1_000;
/** Bytes of inputs that one step writes, except for the last one. */
export const bytesPerStepMax = 512 * 1024;
/** Steps of expressions in one step of the machine, except for the last expression: some 20 ms. */
export const evaluationsPerStepMax = 200_000;
/** Pause between two steps of an instance with remaining work, so that others get their turn. */
export const stepPauseMs = 1;
/** Greatest value of an expression as JSON, in bytes. */
export const valueBytesMax = 1024 * 1024;
/** Characters of a message. Longer messages are cut. */
export const messageLengthMax = 4_096;
/** Details of an error, and the length of each. */
export const detailsMax = 32;
export const detailLengthMax = 1_024;
/** Nested causes of an error. */
export const causesMax = 8;
/** Failed attempts of a task that the state keeps. The history has all. */
export const failuresMax = 20;
/**
 * Attempts of a task that may lose their worker. The last of them ends the task.
 *
 * @guarantee An attempt that loses its worker goes to another worker immediately and does not count as an attempt,
 * until the tenth loss of the task. `retry: {onLost: fail}` runs the task at most once.
 */
export const lostMax = 10;
/** Code of the error with which a pool reports a lost worker. */
export const lostCode = "matching.lost";
/** Characters of the text that the state keeps for each loss. */
export const lossLengthMax = 200;
/** Total attempts of a task, as tokens count them. */
export const attemptsMax = 1_000_000;
/** Bytes that an attempt may save for the next one. */
export const savedBytesMax = 65_536;
export const labelsMax = 64;
export const labelLengthMax = 256;
export const reasonLengthMax = 4_096;
