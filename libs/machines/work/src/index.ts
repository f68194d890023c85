export { ruleReason } from "./approval.ts";
export { boundedCalls } from "./attempt/model-calls.ts";
export {
  add,
  cleaned,
  inWords,
  isNothing,
  kinds,
  noAmounts,
  rounded,
  said,
  subtract,
} from "./budget/amounts.ts";
export { StepBudget } from "./budget/step-budget.ts";
export { childIdOf, shortId } from "./child/ids.ts";
export {
  cancelMission,
  cancelRun,
  terminateMission,
  terminateRun,
  withdrawMission,
  withdrawRun,
} from "./child/messages.ts";
export { countsIn, countsLabel, shownCounts } from "./counts.ts";
export { blobsOf } from "./data/blobs.ts";
export * from "./data/data.ts";
export { bounded, cut, detailOfRefusal, ofTask } from "./errors/details.ts";
export {
  conditionText,
  dataExpressionOf,
  type ExpressionPlace,
  expressionOf,
  hasExpression,
  hasExpressions,
  outputExpressionOf,
  type Reads,
  readsOf,
} from "./evaluate/programs.ts";
export * from "./limits.ts";
export { isDone, statusName, statusWord } from "./status.ts";
export { circleProblem, taskProblem } from "./task/check.ts";
export { isOffered, labelsFit, type OfferedProfile } from "./task/fit.ts";
