export { definitions } from "./definitions.ts";
export { operations, resultOf } from "./operations.ts";
export { PlainStep } from "./plain-step.ts";
export { KnownDefinitions } from "./plans.ts";
export { jsonBytes, jsonOf, RunScene, runKey, runService } from "./scene.ts";
