export * from "./account/commands.ts";
export { type Balances, balance } from "./account/queries.ts";
export { bankErrors } from "./errors.ts";
export * from "./hold/commands.ts";
export * from "./limits.ts";
export { account } from "./machine.ts";
export type {
  Account,
  AccountView,
  Hold,
  PendingStatement,
  PendingTransfer,
  PrintStatement,
} from "./state.ts";
export * from "./statement/commands.ts";
export * from "./transfer/commands.ts";
