export { KnownDefinitions } from "./plans.ts";
export { jsonBytes, jsonOf, RunScene, runKey, runService } from "./scene.ts";
