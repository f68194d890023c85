export { type CheckOptions, checkLinearizable, type Verdict } from "./check.ts";
export type { Model, Operation } from "./operation.ts";
