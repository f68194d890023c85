export { decisionOn, decisionsKey, operations } from "./operations.ts";
