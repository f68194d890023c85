export { isOpen, specOf } from "../state.ts";
export { operations, resultOf } from "./operations.ts";
export { codeOf, json, SessionScene, sessionKey, taken, taskSpec } from "./session-scene.ts";
