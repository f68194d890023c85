export { scheduleErrors } from "./errors.ts";
export * from "./firing/commands.ts";
export * from "./life/commands.ts";
export { facts, type ScheduleFacts } from "./life/queries.ts";
export * from "./limits.ts";
export { schedule } from "./machine.ts";
export type { Schedule, ScheduleEffect, ScheduleView, StartRun, StopRun } from "./state.ts";
export { timingProblem } from "./timing/problem.ts";
export { previewTimes } from "./timing/timing.ts";
