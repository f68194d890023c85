export {
  type BankBalances,
  type BankCommand,
  type BankMessage,
  BankModel,
  type BankOutcome,
} from "./model.ts";
export {
  type BankMoney,
  isConserved,
  moneyIn,
  moneyOf,
  type PendingMessage,
} from "./money.ts";
export { carelessRelease, nextRelease, stepWith } from "./next-release.ts";
export { accountKey, drawOperation, type OperationOptions, operations, printed } from "./operations.ts";
