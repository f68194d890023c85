/** What readers of histories need beside the queries: whom the numbers in events, effects and timers mean. */
export { statusWord } from "./evaluate/scene.ts";
export { statusName } from "./life/words.ts";
export { findNode, taskIdOf } from "./node/places.ts";
export { kindOfTimer, nodeOfTimer, nodeTimers, runNode, runTimers } from "./numbers.ts";
