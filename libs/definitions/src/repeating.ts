/** Errors that repeat with the same definition and the same values: a retry does not help. */
const repeating: ReadonlySet<string> = new Set([
  "workflow.expression_failed",
  "workflow.budget_used_up",
  "agent.option_invalid",
  "agent.budget_exhausted",
  "agent.run_budget_exhausted",
]);

/** Errors of a run budget that is too small. A retry has the same budget and the same usage. */
const ofRunBudget: ReadonlySet<string> = new Set(["workflow.budget_used_up", "agent.run_budget_exhausted"]);

/** Returns whether only another definition or another run helps after an error with this code. */
export function needsOtherDefinition(code: string): boolean {
  return repeating.has(code);
}

/** Returns whether another run with a larger budget helps, with the same definition. */
export function needsLargerBudget(code: string): boolean {
  return ofRunBudget.has(code);
}
