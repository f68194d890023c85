export type { BulkOutcome, BulkPreview, BulkWord } from "./bulk.ts";
export { type ConnectOptions, connect } from "./connect.ts";
export type {
  DecideOptions,
  EventsOptions,
  ResultOptions,
  RunChange,
  RunHandle,
  RunHappening,
  TellOptions,
} from "./run.ts";
export type { OverlapWord, ScheduleHandle, ScheduleOptions } from "./schedule.ts";
export type { SpecOptions } from "./spec.ts";
export type { FindOptions, StartOptions, Tutti } from "./tutti.ts";
