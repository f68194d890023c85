/** Admission rules alone, without what decides who may do what: for checks where they are written. */
export { unasked } from "./asked.ts";
export { type CaseOutcome, caseOutcomes } from "./findings.ts";
export { compileRule, type RuleProblem } from "./rule-programs.ts";
