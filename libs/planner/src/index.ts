export { Draws } from "./chance/draws.ts";
export type { Drift } from "./estimates/drift.ts";
export {
  baselineModels,
  type DurationModel,
  durationModels,
  usualModel,
} from "./estimates/duration-model.ts";
export {
  type Estimate,
  Estimates,
  type EstimatesLimits,
  type ModelOf,
} from "./estimates/estimates.ts";
export { FindEstimates } from "./estimates/finds.ts";
export { type QualityEstimate, QualityEstimates } from "./estimates/quality.ts";
export type { Subject } from "./estimates/subject.ts";
export { type AmountEstimate, type UsedAmounts, UseEstimates } from "./estimates/use.ts";
export { type Delays, noDelays } from "./execution/delays.ts";
export type { Assignment, Dispatcher, Presence } from "./execution/dispatcher.ts";
export { type Execution, execute } from "./execution/execute.ts";
export { Follow } from "./execution/follow.ts";
export { InLine, type InLineRules } from "./execution/in-line.ts";
export { InParts, partOf, type Share } from "./execution/in-parts.ts";
export { LivePlan } from "./execution/live-plan.ts";
export {
  type Described,
  type DescribedAgent,
  KnownTimes,
  LearnedTimes,
  type Outlook,
} from "./execution/outlook.ts";
export { type ForecastPoint, SeasonalForecast, type SeasonalOptions } from "./forecasts/seasonal.ts";
export { type Timing, timingOf } from "./graph/critical-path.ts";
export { type Graph, topologicalOrder } from "./graph/graph.ts";
export { exactWidthMax, levelsOf, widthOf } from "./graph/width.ts";
export {
  balance,
  type MovableTask,
  type Move,
  type PartProgress,
  type Surroundings,
} from "./modes/balance.ts";
export {
  type ChoiceOutcome,
  chooseAmong,
  chooseMode,
  type Expected,
  expectedLossMs,
  type Lesson,
  learnOutcome,
  lessonOf,
  type ModeCandidate,
  type ModeChoice,
  type ModeQuestion,
  outcomeOf,
} from "./modes/choose.ts";
export { type ChooserSettings, type ChooserState, ModeChooser } from "./modes/chooser.ts";
export { type CutPart, type CutQuestion, cut, type PartMode } from "./modes/cut.ts";
export { type EngineDelays, engineOf, usualDelays } from "./modes/engines.ts";
export { featuresOf, type SituationFeatures } from "./modes/features.ts";
export { type Mode, modes, safeMode } from "./modes/mode.ts";
export { cutOf, moneyOf, type Prediction, type PredictionLimits, predicted } from "./modes/predict.ts";
export type { RecordedAgent, RecordedSession, RecordedTask } from "./modes/recorded.ts";
export { type Rehearsal, rehearsed } from "./modes/rehearse.ts";
export { type Comparison, type Counterfactual, replay } from "./modes/replay.ts";
export {
  type IntendedTask,
  type Knowledge,
  type PresentAgent,
  type Refused,
  type Situation,
  situationOf,
} from "./modes/situation.ts";
export { balanced, type Weights } from "./modes/weights.ts";
export { type LowerBounds, lowerBounds } from "./plan/bounds.ts";
export { heft } from "./plan/heft.ts";
export { improvedPlan, type Search } from "./plan/improve.ts";
export type { Plan } from "./plan/plan.ts";
export { leastTimes, meanTimes, upwardRanks } from "./plan/ranks.ts";
export { medianOf } from "./structures/median.ts";
export { durationMs, type Impossible, type Prepared, type Problem, prepare } from "./work/problem.ts";
export { type Fleet, fleetOf, type Work } from "./work/work.ts";
