import type { Amounts } from "@tutti/contracts/types/v1";
import type { ReadOnly } from "@tutti/kernel";
import { isNothing } from "@tutti/machine-work";

/**
 * Returns whether it was delegated with a budget, which it lives on. One that has nothing in it is none: what such a
 * task uses is the mission's.
 */
export function hasOwnBudget({
  authority,
}: ReadOnly<{ authority: { budget?: Amounts | undefined } | undefined }>): boolean {
  return !isNothing(authority?.budget);
}
