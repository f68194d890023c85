/** Tasks of machines, brought to the pools where agents are, and what becomes of them, brought back. */
export { Dispatcher } from "./dispatcher.ts";
export { judgedResults, type ResultRules } from "./judged-results.ts";
export { hearOutcomes } from "./outcome-stream.ts";
export { type OutputPlace, OutputShelf } from "./output-shelf.ts";
export { type AttemptCommand, type AttemptCommands, RuntimeSettlement } from "./settlement.ts";
export { WireTokens } from "./wire-tokens.ts";
