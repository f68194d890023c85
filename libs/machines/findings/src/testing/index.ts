export { findingBy, findingsKey, operations, reportOn } from "./operations.ts";
