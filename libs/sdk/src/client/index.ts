export { type ConnectOptions, connect } from "./connect.ts";
export type { ResultOptions, RunChange, RunHandle, TellOptions } from "./run.ts";
export type { FindOptions, StartOptions, Tutti } from "./tutti.ts";
