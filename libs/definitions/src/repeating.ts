/** Errors that come again with the same definition and the same values: a retry does not help. */
const repeating: ReadonlySet<string> = new Set([
  "workflow.expression_failed",
  "workflow.budget_used_up",
  "agent.option_invalid",
  "agent.budget_exhausted",
  "agent.run_budget_exhausted",
]);

/** The budget of the run was too small. A retry has the same budget and the same use. */
const ofRunBudget: ReadonlySet<string> = new Set(["workflow.budget_used_up", "agent.run_budget_exhausted"]);

/** Whether only another definition, or another run, helps after an error with this code. */
export function needsOtherDefinition(code: string): boolean {
  return repeating.has(code);
}

/** Whether another run with a larger budget helps, with the same definition. */
export function needsLargerBudget(code: string): boolean {
  return ofRunBudget.has(code);
}
