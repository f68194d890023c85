/** Names and values that drawn runs and their tests share. */

/** The people in tests. */
export const people = ["anna", "ben", "eve"] as const;
/** Condition of waiting tasks on a signal. */
export const acceptedSignal = "signal.payload.n == 2";
/** Condition that fewer of the drawn signals satisfy. */
export const rejectedSignal = "signal.payload.n == 3";
/** Leads from every drawn state to the last one. */
export const finishSignal = "finish";
