/** Which label sets a rule finds in series, now and in the past. The service and tests of rules use the same. */
export {
  type CompiledRule,
  compileRule,
  type RuleFindings,
  type RuleProblem,
  RuleProgram,
} from "./rule-program.ts";
export { RuleTrial } from "./rule-trial.ts";
export { everyMsOf, windowMsOf } from "./times.ts";
