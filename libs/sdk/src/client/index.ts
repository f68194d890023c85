export type { BulkOutcome, BulkPreview, BulkWord } from "./bulk.ts";
export { type ConnectOptions, connect } from "./connect.ts";
export type * from "./missions/index.ts";
export type {
  DecideOptions,
  EventsOptions,
  LabelChanges,
  Repair,
  ResultOptions,
  RunChange,
  RunHandle,
  RunHappening,
  TellOptions,
} from "./run.ts";
export type { OverlapWord, ScheduleChanges, ScheduleHandle, ScheduleOptions } from "./schedule.ts";
export type { SpecOptions } from "./spec.ts";
export type { ApprovalOptions, FindOptions, GraphOptions, StartOptions, Tutti } from "./tutti.ts";
