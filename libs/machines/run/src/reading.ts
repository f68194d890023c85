/** What readers of histories need beside the queries: whom the numbers in events, effects and timers mean. */
export { statusName, statusWord } from "@tutti/machine-work";
export { HistoryReader, type ReadEvent } from "./history/history-reader.ts";
export { type RecordedEvent, saidBy } from "./history/said.ts";
export { findNode, taskIdOf } from "./node/places.ts";
export { kindOfTimer, nodeOfTimer, nodeTimers, runNode, runTimers } from "./numbers.ts";
