export { type ConformanceOptions, type MachineCall, machineConformance } from "./conformance.ts";
export type { RecordedEvent } from "./driven-instance.ts";
export type { DrivenLetter } from "./driven-step.ts";
export {
  type DrivenEffect,
  type DriverOptions,
  type DriverTally,
  MachineDriver,
} from "./driver.ts";
export { type GoldenHistory, type GoldenStories, goldenOf, writeGoldenHistories } from "./golden.ts";
export { MachineViolation } from "./violation.ts";
