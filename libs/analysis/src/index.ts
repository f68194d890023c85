export {
  type BottleneckFound,
  type BottleneckOptions,
  bottlenecksOf,
  criticalPath,
  type Part,
  replayedMs,
  type Segment,
} from "./bottlenecks.ts";
export {
  type BackTest,
  type DiskForecast,
  diskForecast,
  type LoadFact,
  type LoadForecast,
  loadForecast,
  loadStepMs,
  slotsFor,
} from "./capacity.ts";
export {
  type Attribute,
  type Case,
  type CauseFound,
  type CauseOptions,
  causesOf,
  explain,
  normalised,
  type Unexplained,
} from "./causes.ts";
export { type Change, type ChangeOptions, changesOf, type Drift, driftOf, type Point } from "./changes.ts";
export {
  type AttemptFact,
  attemptsByWork,
  definitionTaskOf,
  type WorkFact,
  workKey,
  workOfUsers,
} from "./facts.ts";
export { type PatternFound, patternsOf } from "./patterns.ts";
export { type PathOfProfile, type Profile, profileOf, type TaskOfProfile } from "./profile.ts";
export { median, quantile, sortedCopy } from "./statistics.ts";
export {
  judgeTrial,
  type TrialArm,
  type TrialArmFound,
  type TrialJudgement,
  type TrialOptions,
  trialLooks,
  trialMaxMs,
} from "./trial.ts";
export { type Regression, regressionsOf } from "./versions.ts";
