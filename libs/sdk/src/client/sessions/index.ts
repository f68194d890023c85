export type { AgentToPlanOn } from "./plan.ts";
export type { SessionChange, SessionHandle, SessionReasons } from "./session.ts";
export { type FindChoicesOptions, type FindSessionsOptions, Sessions } from "./sessions.ts";
export type {
  AfterSession,
  Capabilities,
  GoalOptions,
  ModeWord,
  MonitoringWord,
  OptimizationWeights,
  OtherSessionOptions,
  OutputsOf,
  SessionOptions,
  SessionSettings,
  TaskSessionOptions,
} from "./spec.ts";
