export type { Choice, Chooser, Features } from "./bandits/choice.ts";
export { LinearBandit, type LinearOptions } from "./bandits/linear.ts";
export { ThompsonBandit, type ThompsonOptions } from "./bandits/thompson.ts";
export { Draws } from "./chance/draws.ts";
export type { Drift } from "./estimates/drift.ts";
export { type Estimate, Estimates, type EstimatesLimits, type Subject } from "./estimates/estimates.ts";
export type { Assignment, Dispatcher, Presence } from "./execution/dispatcher.ts";
export { type Execution, execute } from "./execution/execute.ts";
export { Follow } from "./execution/follow.ts";
export { InLine, type InLineRules } from "./execution/in-line.ts";
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
export { type LowerBounds, lowerBounds } from "./plan/bounds.ts";
export { heft } from "./plan/heft.ts";
export { improvedPlan, type Search } from "./plan/improve.ts";
export type { Plan } from "./plan/plan.ts";
export { leastTimes, meanTimes, upwardRanks } from "./plan/ranks.ts";
export { durationMs, type Impossible, type Prepared, type Problem, prepare } from "./work/problem.ts";
export { type Fleet, fleetOf, type Work } from "./work/work.ts";
