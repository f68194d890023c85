export type { LatencyJson, Report, SummaryJson } from "./report.ts";
export { reportHtml } from "./report-html.ts";
export {
  type End,
  type LoadTime,
  type Progress,
  runScenario,
  type Target,
} from "./runner.ts";
export { type CheckedScenario, checkScenario, type Scenario } from "./scenario.ts";
export type { Verdict } from "./thresholds.ts";
