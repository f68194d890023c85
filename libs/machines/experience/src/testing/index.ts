export { experienceKey, operations, outcomeOf } from "./operations.ts";
