import type { Explanation } from "@tutti/contracts/types/v1";
import { fromTimestamp } from "@tutti/kernel";

/** Formats an explanation as text: the state, the waits, the failures and the advice. */
export function explained(explanation: Explanation): string {
  return linesOf(explanation).join("\n");
}

function linesOf({ summary, waits, failures, remedies, parts }: Explanation): string[] {
  const lines = [summary];
  for (const { message, endTime } of waits) {
    const until = endTime === undefined ? "" : `, until ${new Date(fromTimestamp(endTime)).toISOString()}`;
    lines.push(`  waits: ${message}${until}`);
  }
  for (const { task, attempt, error } of failures)
    lines.push(`  attempt ${attempt} of ${task} failed: ${error?.code ?? ""}: ${error?.message ?? ""}`);
  for (const { text } of remedies) lines.push(`  what helps: ${text}`);
  for (const part of parts) lines.push(...linesOf(part).map((line) => `  ${line}`));
  return lines;
}
