import { needsLargerBudget, needsOtherDefinition } from "@tutti/definitions/repeating";

/** Why a retry of a run that ended with this code fails again. Undefined if it may succeed. */
export function retryFailureReason(code: string | undefined): string | undefined {
  if (code === undefined) return undefined;
  if (needsLargerBudget(code))
    return "The run has used its budget. A retry has the same budget and fails again. Start a similar run with a larger budget.";
  if (needsOtherDefinition(code))
    return "A retry has the same definition and the same values, and fails again. Correct the definition, and start a similar run.";
  return undefined;
}
