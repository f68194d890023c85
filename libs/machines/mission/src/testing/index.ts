export { codeOf, json, MissionScene, missionKey, orderOf, taken, taskSpec } from "./mission-scene.ts";
export { operations, resultOf } from "./operations/index.ts";
export { PlainMission } from "./plain-step.ts";
export { MissionReading, type ReadCommand, type ReadEvent } from "./reading/index.ts";
