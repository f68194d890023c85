export { operations, resultOf } from "./operations.ts";
export { isOver } from "./reading/read-tasks.ts";
export { SessionReading } from "./reading/session-reading.ts";
export { codeOf, json, SessionScene, sessionKey, taken, taskSpec } from "./session-scene.ts";
