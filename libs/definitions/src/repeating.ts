/** Errors that come again with the same definition and the same values: a retry does not help. */
const repeating: ReadonlySet<string> = new Set([
  "workflow.expression_failed",
  "agent.option_invalid",
  "agent.budget_exhausted",
  "agent.run_budget_exhausted",
]);

/** Whether only another definition, or another run, helps after an error with this code. */
export function needsOtherDefinition(code: string): boolean {
  return repeating.has(code);
}
