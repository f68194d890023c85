export type {
  BulkActionName,
  BulkOutcome,
  BulkPreview,
  MoveManyOptions,
  MoveOptions,
  MoveReview,
  MoveVerdictName,
} from "./bulk.ts";
export { type ConnectOptions, type ConnectPorts, connect } from "./connect.ts";
export type { Handle, WorkState } from "./handle.ts";
export type { AcquireOptions, HeldLock, Locks } from "./locks.ts";
export type * from "./missions/index.ts";
export type { ObjectCallOptions, Objects, ObjectView } from "./objects.ts";
export type {
  DecideOptions,
  EventsOptions,
  LabelChanges,
  ReleaseOptions,
  Repair,
  RunChange,
  RunHandle,
  RunHistoryEvent,
} from "./run.ts";
export type { ApprovalOptions, FindOptions, Runs } from "./runs.ts";
export type {
  OverlapPolicyName,
  ScheduleChanges,
  ScheduleHandle,
  ScheduleOptions,
  Schedules,
} from "./schedule.ts";
export type * from "./sessions/index.ts";
export type { SpecOptions } from "./spec.ts";
export type * from "./triggers/index.ts";
export type { StartOptions, Tutti, WorkflowToRun } from "./tutti.ts";
export type { ResultOptions } from "./work/outcome.ts";
export type { IdempotencyOptions } from "./work/paging.ts";
export type { RetryOptions } from "./work/retry.ts";
export type { CostOptions, TimeoutOptions, WorkCheck, WorkTask } from "./work/task.ts";
export type { GraphOptions, Workflows } from "./workflows.ts";
