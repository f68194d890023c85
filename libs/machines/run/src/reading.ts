/**
 * Functions that readers of histories need in addition to the queries: the meaning of numbers in events,
 * effects and timers.
 */
export { statusName, taskStatusName as statusWord } from "@tutti/machine-work";
export { stateOfKind } from "./core/state/kind-state.ts";
export { kindOfTimer, nodeOfTimer, nodeTimers, runNode, runTimers } from "./core/state/numbers.ts";
export { findNode, taskIdOf } from "./core/state/places.ts";
export { visitNumberOf } from "./kinds/cache/cache.ts";
export { type FunctionTurn, functionTurns } from "./life/history/function-turns.ts";
export { historyJsonOf, type RecordedEvent } from "./life/history/history-json.ts";
export { HistoryReader, type ReadEvent } from "./life/history/history-reader.ts";
