/** Admission rules alone, without roles and policies: for checks by their authors. */
export { unevaluatedReason } from "./allowed-verdicts.ts";
export { type CaseOutcome, caseOutcomes } from "./findings.ts";
export { compileRule, type RuleProblem } from "./rule-programs.ts";
