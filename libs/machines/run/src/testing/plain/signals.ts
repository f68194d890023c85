/** Names and values that drawn runs and those who deal with them share. */

/** The people in tests. */
export const people = ["anna", "ben", "eve"] as const;
/** What tasks that wait want of a signal. */
export const wantedSignal = "signal.payload.n == 2";
/** What fewer of the drawn signals satisfy. */
export const unwantedSignal = "signal.payload.n == 3";
/** Leads from every drawn state to the last one. */
export const finishSignal = "finish";
