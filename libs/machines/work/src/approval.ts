import type { ResultQuestion } from "@tutti/contracts/workflow/v1";
import type { ReadOnly } from "@tutti/kernel";

/** Returns the reason of a question: the rule that asks, and the effect of the answer. */
export function ruleReason({ rule }: ReadOnly<ResultQuestion>, task: string, agent: string): string {
  return `The rule ${rule} wants the output of ${task}${agent === "" ? "" : ` by ${agent}`} approved before it counts.`;
}
