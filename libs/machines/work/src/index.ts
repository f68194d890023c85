export { ruleReason } from "./approval.ts";
export { type AfterFailure, afterFailure, type FailedAttempt } from "./attempt/failure.ts";
export { boundedCalls } from "./attempt/model-calls.ts";
export {
  add,
  amountsOrNone,
  amountsText,
  cleaned,
  isNothing,
  kinds,
  noAmounts,
  rounded,
  subtract,
} from "./budget/amounts.ts";
export {
  type ExpectedTask,
  expectedOf,
  expectedWithin,
  fitsWithin,
  isLimited,
  remainingWithin,
  usedUpWithin,
} from "./budget/arithmetic.ts";
export { StepBudget } from "./budget/step-budget.ts";
export {
  childError,
  type EndedWork,
  endChild,
  endingForParent,
  endingOf,
  workAddress,
} from "./child/ending.ts";
export { childIdOf, objectIdOf, shortId } from "./child/ids.ts";
export { withdrawMission, withdrawRun } from "./child/messages.ts";
export { type StoppedChild, type Stopping, stopChild } from "./child/stopping.ts";
export { countsIn, countsLabel, countsOf } from "./counts.ts";
export { blobsOf, contentIn, isStoredValue, mentionsBlob, storedValueIn, withContent } from "./data/blobs.ts";
export * from "./data/data.ts";
export { bounded, detailOfRefusal, ofTask, truncate } from "./errors/details.ts";
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
export { type OpenCommand, openCommands } from "./life/commands.ts";
export { differencesIn, fieldDifferences, jsonDifferences } from "./life/differences.ts";
export {
  type Conflict,
  causeOf,
  conflictText,
  isSameParent,
  isSameRequest,
  type LifeErrors,
  type LifeParts,
  type LifeStep,
  type LivingView,
  reasonOf,
  WorkLife,
} from "./life/life.ts";
export * from "./limits.ts";
export { momentOf, taskOutcome, taskValue, workOutcome } from "./outcome.ts";
export { isDone, statusClause, statusName, taskStatusName } from "./status.ts";
export { circleProblem, gangProblem, taskProblem } from "./task/check.ts";
export { isOffered, labelsFit, type OfferedProfile } from "./task/fit.ts";
