/** Bounds of everything in an experience that could grow. */
/** Number of latest ends of attempts that are kept: after a restart, learning starts from them. */
export const outcomesMax = 5_000;
/** Number of outcomes of choices: fewer, because each contains all evaluated data. */
export const choicesMax = 500;
export const featuresMax = 100;
export const outcomesPerBatchMax = 10_000;
export const sendersMax = 1_000;
/** Number of capabilities with more data than the usual model. */
export const modelsMax = 500;
export const trainingsMax = 5;
export const scoresMax = 20;
export const nameLengthMax = 500;
