/** Admission rules alone, without what decides who may do what: for whoever checks them where they are written. */
export { unasked } from "./asked.ts";
export { type CaseOutcome, caseOutcomes } from "./findings.ts";
export { compileRule, type RuleProblem } from "./rule-programs.ts";
