export { limitOf } from "../core/budget/book.ts";
export { hasEnded, isHolding, specOf } from "../core/state/state.ts";
export { leaderLeaseMs } from "../kinds/participant/leading.ts";
export { codeOf, json, MissionScene, missionKey, orderOf, taken, taskSpec } from "./mission-scene.ts";
export { operations, resultOf } from "./operations/index.ts";
