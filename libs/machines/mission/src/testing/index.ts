export { limitOf } from "../budget/book.ts";
export { leaderLeaseMs } from "../participant/leading.ts";
export { hasEnded, isHolding, specOf } from "../state.ts";
export { codeOf, json, MissionScene, missionKey, orderOf, taken, taskSpec } from "./mission-scene.ts";
export { operations, resultOf } from "./operations/index.ts";
