export { done, operations, plans, scheduleKey } from "./operations.ts";
