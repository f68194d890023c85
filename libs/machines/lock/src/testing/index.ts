export { bookKey, lockKey, masterService, operations, workOf } from "./operations.ts";
