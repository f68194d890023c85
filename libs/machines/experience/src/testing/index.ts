export { choiceOf, experienceKey, operations, outcomeOf } from "./operations.ts";
