/** Errors that come again when a run is retried. The server has the same list in `libs/definitions/src/repeating.ts`. */
const spent: ReadonlySet<string> = new Set(["workflow.budget_used_up", "agent.run_budget_exhausted"]);
const ofDefinition: ReadonlySet<string> = new Set([
  "workflow.expression_failed",
  "agent.option_invalid",
  "agent.budget_exhausted",
]);

/** Why a retry of a run that ended with this code fails again. Undefined if it may succeed. */
export function whyRetryFails(code: string | undefined): string | undefined {
  if (code === undefined) return undefined;
  if (spent.has(code))
    return "The run has used its budget. A retry has the same budget and fails again. Start a similar run with a larger budget.";
  if (ofDefinition.has(code))
    return "A retry has the same definition and the same values, and fails again. Correct the definition, and start a similar run.";
  return undefined;
}
