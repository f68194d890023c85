export type { PlannedAgent } from "./plan.ts";
export type { SessionChange, SessionExplanation, SessionHandle } from "./session.ts";
export { type FindChoicesOptions, type FindSessionsOptions, Sessions } from "./sessions.ts";
export type {
  AfterSession,
  Capabilities,
  GoalOptions,
  ModeName,
  MonitoringLevelName,
  OptimizationWeights,
  OtherSessionOptions,
  OutputsOf,
  SessionOptions,
  SessionSettings,
  TaskSessionOptions,
} from "./spec.ts";
