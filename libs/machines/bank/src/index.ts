export { close, deposit, freeze, open, unfreeze, withdraw } from "./account/commands.ts";
export { type Balances, balance } from "./account/queries.ts";
export { bankErrors } from "./errors.ts";
export { captureHold, placeHold, releaseHold } from "./hold/commands.ts";
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
export {
  cancelStatement,
  completeStatement,
  failStatement,
  requestStatement,
} from "./statement/commands.ts";
export {
  accountKind,
  bankService,
  completeTransfer,
  credit,
  declineTransfer,
  transfer,
} from "./transfer/commands.ts";
