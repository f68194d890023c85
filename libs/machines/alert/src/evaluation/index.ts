/** Finds the label sets of a rule in series, now and in the past. The service and tests of rules share it. */
export { burnRate, burnRates, eventsIn, periodMsOf } from "./objective.ts";
export {
  type CompiledRule,
  compileRule,
  labelSetsOf,
  type RuleFindings,
  type RuleProblem,
  RuleProgram,
} from "./rule-program.ts";
export { RuleTrial } from "./rule-trial.ts";
export { everyMsOf, readsOf, windowMsOf } from "./times.ts";
