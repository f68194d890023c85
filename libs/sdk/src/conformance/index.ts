export { handleConformance } from "./capabilities.ts";
export {
  type ConformanceOptions,
  checkConformance,
  conformanceRules,
  type RuleReport,
} from "./conformance.ts";
export { commandWorker } from "./process-worker.ts";
export { renderReport, renderSummary } from "./report.ts";
export type { Rule } from "./rule.ts";
export type { LaunchWorker, WorkerEnvironment, WorkerUnderTest } from "./stage.ts";
