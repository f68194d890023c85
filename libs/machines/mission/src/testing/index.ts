export { limitOf } from "../core/budget/accounting.ts";
export { hasEnded, isBlocked, specOf } from "../core/state/state.ts";
export { leaderLeaseMs } from "../kinds/participant/leading.ts";
export {
  accepted,
  codeOf,
  json,
  MissionScene,
  missionKey,
  orderOf,
  taskSpec,
} from "./mission-scene.ts";
export { operations, resultOf } from "./operations/index.ts";
