export { type ConformanceOptions, type MachineCall, machineConformance } from "./conformance.ts";
export type { RecordedEvent } from "./driven-instance.ts";
export type { DrivenMessage } from "./driven-step.ts";
export {
  type DrivenEffect,
  type DriverOptions,
  type DriverTally,
  MachineDriver,
} from "./driver.ts";
export {
  assertGolden,
  type GoldenHistory,
  type GoldenStories,
  goldenOf,
  goldenOfEvents,
  writeGoldenHistories,
} from "./golden.ts";
export { MachineViolation } from "./violation.ts";
