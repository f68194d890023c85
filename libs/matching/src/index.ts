export { launchIdOf, scalerIdOf } from "./agents/launch.ts";
export {
  describeRefused,
  type RefusedAgent,
  RefusedAgents,
} from "./agents/refused-agents.ts";
export type { AgentLink, AgentOutlet, Joined } from "./api/agents.ts";
export type { Allotments, AllotmentUses } from "./api/allotments.ts";
export type { HookOutlet, HookQuestion, HookReply, PoolHook } from "./api/hooks.ts";
export type {
  AgentChange,
  HoldOrder,
  LaunchedAgent,
  Launches,
  LimitRule,
  Pool,
  PoolOptions,
  PoolSettings,
} from "./api/pool.ts";
export type { OfferStream, SenderOutlet } from "./api/senders.ts";
export { profilesPerStreamMax } from "./bounds.ts";
export { labelsMatch } from "./demand/labels.ts";
export { newestIn } from "./demand/versions.ts";
export { matchingErrors } from "./errors.ts";
export { compileHook, type HookProblem } from "./hooks/compile.ts";
export type { ReservedStarts } from "./limits/room.ts";
export { openOfferStream } from "./offers/offer-stream.ts";
export type { PlacedAttempt, PlacedAttempts } from "./placed/attempt-log.ts";
export { openPool, settingsRefusal } from "./pool.ts";
export {
  otherStrategies,
  poolSettingsOf,
  strategyIn,
  strategyKinds,
  strategyNameOf,
  strategyTextOf,
} from "./pool-message.ts";
export { Arrivals, type PastArrivals, type StretchArrivals } from "./scaling/arrivals.ts";
export { crashAfter } from "./scaling/crashes.ts";
export { decideScaling, type ScalingDecision } from "./scaling/decide.ts";
export { scalerForecastOf } from "./scaling/forecast.ts";
export { ScalerGauge } from "./scaling/gauge.ts";
export {
  type Load,
  newcomer,
  type ScalerMemory,
  type ScalingRules,
  scalingRulesOf,
} from "./scaling/rules.ts";
export { ScalingWindows, windowProblem } from "./scaling/windows.ts";
export { weightsProblem } from "./strategies/auction.ts";
export {
  isStrategyName,
  leastLoaded,
  type StrategyName,
  strategyNamed,
  strategyNames,
} from "./strategies/strategies.ts";
export type { AgentLoad, Strategy, TaskView } from "./strategies/strategy.ts";
export { TokenTable } from "./task/token-table.ts";
export type { RecordedAgent, RecordedAttempt, Recording, Scenario } from "./what-if/recording.ts";
export type { ReplayPolicy } from "./what-if/replay.ts";
export type { Goals, PoolReport } from "./what-if/report.ts";
export {
  compareStrategies,
  type StrategiesFound,
  type StrategyReplayed,
} from "./what-if/strategies.ts";
export { type SelfCheck, type WhatIf, type WhatIfQuery, whatIf } from "./what-if/what-if.ts";
