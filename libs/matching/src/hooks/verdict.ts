/** Checks the external verdict on a task. */
import { HookRetry, type HookVerdict } from "@tutti/contracts/swarm/v1";
import type { Evaluated, Verdict } from "../api/hooks.ts";

export const noChange: Verdict = {
  deny: undefined,
  priority: undefined,
  labels: {},
  delayMs: 0,
  retry: undefined,
  reason: "",
};

const priorityMax = 1_000_000;
const labelLengthMax = 256;
const labelsMax = 64;

export function retryOf(retry: HookRetry): Verdict["retry"] {
  if (retry === HookRetry.HOOK_RETRY_AGAIN) return "again";
  return retry === HookRetry.HOOK_RETRY_NEVER ? "never" : undefined;
}

/** Returns an external verdict. Its priority is a number, its labels are plain texts. */
export function verdictOf(reply: HookVerdict | undefined): Evaluated<Verdict> {
  if (reply === undefined) return { value: noChange };
  const { deny, labels, delayMs, reason } = reply;
  const priority = reply.priority === "" ? undefined : Number(reply.priority);
  const problem = verdictProblem(priority, labels);
  if (problem !== undefined) return { problem };
  return { value: { deny, priority, labels, delayMs, retry: retryOf(reply.retry), reason } };
}

export function verdictProblem(
  priority: number | undefined,
  labels: Readonly<Record<string, string>>,
): string | undefined {
  if (priority !== undefined && !(Number.isInteger(priority) && Math.abs(priority) <= priorityMax))
    return `expected a whole number of at most ${priorityMax} as priority, got ${priority}`;
  const all = Object.entries(labels);
  if (all.length > labelsMax) return `expected at most ${labelsMax} labels, got ${all.length}`;
  for (const [name, value] of all)
    if (value.length > labelLengthMax)
      return `expected a label ${name} of at most ${labelLengthMax} characters, got ${value.length}`;
  return undefined;
}
