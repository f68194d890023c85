import type { Amounts } from "@tutti/contracts/types/v1";
import type { ReadOnly } from "@tutti/kernel";
import { isNothing } from "@tutti/machine-work";

/**
 * Returns whether a task was delegated with a budget of its own. An empty budget does not count: such a task
 * uses the budget of the mission.
 */
export function hasOwnBudget({
  authority,
}: ReadOnly<{ authority: { budget?: Amounts | undefined } | undefined }>): boolean {
  return !isNothing(authority?.budget);
}
