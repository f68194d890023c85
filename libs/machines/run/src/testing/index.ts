export { definitions } from "./definitions.ts";
export { jsonBytes, jsonOf } from "./json.ts";
export { checkLent } from "./lent.ts";
export { operations, resultOf } from "./operations.ts";
export * from "./plain/index.ts";
export { PlainStep } from "./plain-step.ts";
export { KnownDefinitions } from "./plans.ts";
export { RunScene, runKey, runService } from "./scene.ts";
