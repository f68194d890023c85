/** Sends tasks of machines to the pools, and returns their results. */
export { Dispatcher } from "./dispatcher.ts";
export { judgedResults, type ResultRules } from "./judged-results.ts";
export { hearOutcomes } from "./outcome-stream.ts";
export { type OutputPlace, OutputShelf } from "./output-shelf.ts";
export { type AttemptCommand, type AttemptCommands, RuntimeSettlement } from "./settlement.ts";
export { WireTokens } from "./wire-tokens.ts";
