export { childDocument, childRunOf } from "./child.ts";
export { drawRun } from "./draw.ts";
export { type DrawnRun, isRunnable, smallestRun } from "./drawn-run.ts";
export { type AgentResult, driveRun, resultOf as resultOfScript } from "./drive.ts";
export { type Moment, type PlainEnding, PlainRun } from "./plain-run.ts";
export type { PlainStatus, PlainTask } from "./plain-task.ts";
export { isUndo, RunCheck } from "./run-check.ts";
export { type Answer, answerOf, type Script, undoOf } from "./script.ts";
export { signalPayload, signalsFor } from "./signals.ts";
