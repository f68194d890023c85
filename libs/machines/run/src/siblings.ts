/** What machines of other kinds of work share with runs: users' data, errors with bounds, when a failure is tried again. */
export { reasonOf as reasonOfRule } from "./approve/ask.ts";
export { blobsOf } from "./blobs.ts";
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
export * from "./data.ts";
export { countsIn, countsLabel } from "./description.ts";
export { bounded, cut, detailOfRefusal, ofTask } from "./error-details.ts";
export { statusWord } from "./evaluate/scene.ts";
export { Budget as StepBudget } from "./kinds/budget.ts";
export { childIdOf } from "./life/ids.ts";
export { withdrawMessage } from "./life/messages.ts";
export { statusName } from "./life/words.ts";
export { shownCounts } from "./queries/counts.ts";
export { isDone } from "./state.ts";
export { boundedCalls } from "./uses/model-calls.ts";
