/** Bounds of everything in an experience that could grow. */
/** The latest ends of attempts that are kept: what is learned restarts with them after a restart. */
export const outcomesMax = 5_000;
/** What came of choices: fewer, because each has all that was looked at. */
export const choicesMax = 500;
export const featuresMax = 100;
export const outcomesPerBatchMax = 10_000;
export const sendersMax = 1_000;
/** Capabilities of which more is kept than that the usual model predicts them. */
export const modelsMax = 500;
export const trainingsMax = 5;
export const scoresMax = 20;
export const nameLengthMax = 500;
