export { deadlocksKey, lockKey, masterService, operations, workOf } from "./operations.ts";
