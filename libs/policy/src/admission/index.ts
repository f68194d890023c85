/** Admission rules alone, without roles and policies: for checks where they are written. */
export { unasked } from "./asked.ts";
export { type CaseOutcome, caseOutcomes } from "./findings.ts";
export { compileRule, type RuleProblem } from "./rule-programs.ts";
