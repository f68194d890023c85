/** Sends tasks of machines to the pools, and returns their results. */
export { Dispatcher } from "./dispatcher.ts";
export { judgedResults, type ResultRules } from "./judged-results.ts";
export { observeOutcomes } from "./outcome-stream.ts";
export { OutputBuffer, type OutputPlace } from "./output-buffer.ts";
export { type AttemptCommand, type AttemptCommands, RuntimeSettlement } from "./settlement.ts";
export { WireTokens } from "./wire-tokens.ts";
