export { isOpen, specOf } from "../state.ts";
export { operations, resultOf } from "./operations.ts";
export { accepted, codeOf, json, SessionScene, sessionKey, taskSpec } from "./session-scene.ts";
